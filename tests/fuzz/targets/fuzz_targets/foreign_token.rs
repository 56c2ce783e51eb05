#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| breakglass_fuzz::foreign_token::check(data));
