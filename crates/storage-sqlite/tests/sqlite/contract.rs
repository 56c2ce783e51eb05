//! The suite that every store must pass.

use crate::folder::Folder;

breakglass_storage_contract::suite!(Folder);
