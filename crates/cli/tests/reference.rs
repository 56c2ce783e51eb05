//! The reference pages are what the code says.

use std::fs;
use std::path::Path;

use breakglass_cli::PAGES;

#[test]
fn the_reference_pages_are_what_the_code_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference");
    let bless = std::env::var_os("BREAKGLASS_BLESS").is_some();
    for page in PAGES {
        let (path, text) = (folder.join(page.name), (page.render)());
        if bless {
            fs::write(&path, text).unwrap();
            continue;
        }
        let found = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == text,
            "docs/reference/{} is not up to date; run `BREAKGLASS_BLESS=1 cargo test -p breakglass-cli --test reference`",
            page.name
        );
    }
}
