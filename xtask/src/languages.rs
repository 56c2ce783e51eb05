//! The programs and packages of others that the end-to-end tests use, installed into the target folder.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use xshell::{Shell, cmd};

use crate::workspace::{self, require_python, say};

/// The Python packages that the end-to-end tests use; one of them is Node.js.
const REQUIREMENTS: &str = "tests/requirements.txt";

/// The packages of the checker of OpenAPI documents.
const API_REQUIREMENTS: &str = "tests/requirements-api.txt";

/// The JavaScript packages that they use.
const PACKAGES: [&str; 2] = ["tests/node/package.json", "tests/node/package-lock.json"];

/// The Python of a virtual environment that holds the required packages.
pub(crate) fn python(shell: &Shell, root: &Path) -> Result<PathBuf> {
    Ok(environment(shell, root, "e2e-venv", REQUIREMENTS)?.join("python"))
}

/// The checker of OpenAPI documents, in an environment of its own.
pub(crate) fn schemathesis(shell: &Shell, root: &Path) -> Result<PathBuf> {
    Ok(environment(shell, root, "e2e-api-venv", API_REQUIREMENTS)?.join("schemathesis"))
}

/// The folder of the programs of a virtual environment that holds these packages.
fn environment(shell: &Shell, root: &Path, name: &str, requirements: &str) -> Result<PathBuf> {
    let environment = workspace::target(root)?.join(name);
    let programs = environment.join("bin");
    let python = programs.join("python");
    let wanted = shell.read_file(requirements)?;
    let stamp = environment.join("requirements.txt");
    if python.exists() && is_made(&stamp, &wanted) {
        return Ok(programs);
    }
    say(&format!(
        "installing the Python packages of {requirements} into the target folder, once"
    ));
    require_python(shell)?;
    shell.remove_path(&environment)?;
    cmd!(shell, "python3 -m venv {environment}").run().context(
        "no virtual environment could be made; \
         Debian and Ubuntu keep that part of Python in the package python3-venv",
    )?;
    cmd!(
        shell,
        "{python} -m pip install --quiet --disable-pip-version-check --requirement {requirements}"
    )
    .run()
    .with_context(|| {
        format!("failed to install {requirements}; pip must reach a Python package index")
    })?;
    shell.write_file(&stamp, wanted)?;
    Ok(programs)
}

/// Installs the JavaScript packages by the Node.js that stands beside this Python.
pub(crate) fn node_packages(shell: &Shell, root: &Path, python: &Path) -> Result<()> {
    let folder = workspace::target(root)?.join("e2e-node");
    let [manifest, lock] = PACKAGES;
    let wanted = shell.read_file(lock)?;
    let stamp = folder.join("installed.json");
    if is_made(&stamp, &wanted) {
        return Ok(());
    }
    say("installing the JavaScript packages of the end-to-end tests into the target folder, once");
    shell.remove_path(&folder)?;
    shell.create_dir(&folder)?;
    for file in [manifest, lock] {
        shell.copy_file(file, &folder)?;
    }
    let programs = python.parent().context("an interpreter is in a folder")?;
    let npm = programs.join("npm");
    cmd!(
        shell,
        "{npm} ci --silent --no-audit --no-fund --ignore-scripts --prefix {folder}"
    )
    .run()
    .with_context(|| format!("failed to install {manifest}; npm must reach a package registry"))?;
    shell.write_file(&stamp, wanted)?;
    Ok(())
}

/// The nginx of this system, or else the program of Debian's package, unpacked into the target folder.
pub(crate) fn nginx(shell: &Shell, root: &Path) -> Result<PathBuf> {
    let installed = PathBuf::from("nginx");
    if starts(shell, &installed) {
        return Ok(installed);
    }
    let folder = workspace::target(root)?.join("e2e-nginx");
    let program = folder.join("nginx");
    if starts(shell, &program) {
        return Ok(program);
    }
    say("unpacking Debian's nginx for the end-to-end tests into the target folder, once");
    shell.remove_path(&folder)?;
    shell.create_dir(&folder)?;
    unpack_nginx(shell, &folder).context(
        "nginx is needed and `nginx` does not start: install it (Debian and Ubuntu: `apt install nginx`)",
    )?;
    Ok(program)
}

fn unpack_nginx(shell: &Shell, folder: &Path) -> Result<()> {
    let _folder = shell.push_dir(folder);
    let download = || cmd!(shell, "apt-get --quiet=2 download nginx").run();
    if download().is_err() {
        cmd!(shell, "apt-get --quiet=2 update").run()?;
        download()?;
    }
    let package = shell.read_dir(folder)?.into_iter().next();
    let package = package.context("apt-get downloaded nothing")?;
    cmd!(shell, "dpkg-deb --extract {package} .").run()?;
    shell.copy_file("usr/sbin/nginx", "nginx")?;
    let program = folder.join("nginx");
    ensure!(
        starts(shell, &program),
        "the nginx of Debian's package does not start"
    );
    Ok(())
}

/// Whether this nginx starts and tells its version.
fn starts(shell: &Shell, nginx: &Path) -> bool {
    cmd!(shell, "{nginx} -v")
        .quiet()
        .ignore_stderr()
        .run()
        .is_ok()
}

/// Whether what is wanted was made. A stamp is written last, so what was left half made is made again.
fn is_made(stamp: &Path, wanted: &str) -> bool {
    std::fs::read_to_string(stamp).is_ok_and(|made| made == wanted)
}
