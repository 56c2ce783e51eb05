//! Reference pages that follow from the code. A test compares them with the files and names the command that mends them.

mod pages;
mod usage;

/// A page under `docs/reference`.
#[derive(Clone, Copy, Debug)]
pub struct Page {
    /// Its file name.
    pub name: &'static str,
    /// Makes its text.
    pub render: fn() -> String,
}

/// Every page that this crate makes.
pub const PAGES: &[Page] = &[
    Page {
        name: "audit-actions.md",
        render: pages::audit_actions,
    },
    Page {
        name: "cli.md",
        render: usage::render,
    },
    Page {
        name: "configuration.md",
        render: pages::configuration,
    },
    Page {
        name: "exit-codes.md",
        render: pages::exit_codes,
    },
];

fn append(page: &mut String, text: &str) {
    page.push_str(text);
}
