//! The random source of this machine.

use aws_lc_rs::rand;
use breakglass_ports::{CryptoError, Entropy};

/// The random source of this machine: the generator of aws-lc, seeded by the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), CryptoError> {
        rand::fill(bytes).map_err(|_| CryptoError::Failed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_fills_differ() {
        let (mut first, mut second) = ([0; 32], [0; 32]);
        SystemEntropy.fill(&mut first).unwrap();
        SystemEntropy.fill(&mut second).unwrap();
        assert_ne!(first, second);
    }
}
