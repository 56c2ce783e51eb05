//! What every command is given.

use std::sync::Arc;

use breakglass_ports::Clock;
use breakglass_tokens::SystemClock;

use crate::console::Console;
use crate::environment::Environment;

/// What every command is given: its streams, its environment and the time of day.
pub struct Context {
    /// Where it reads and writes.
    pub console: Console,
    /// The variables of this product.
    pub environment: Environment,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
}

impl Context {
    /// The context of this process.
    pub fn of_process() -> Self {
        Self {
            console: Console::of_process(),
            environment: Environment::of_process(),
            clock: Arc::new(SystemClock::default()),
        }
    }
}
