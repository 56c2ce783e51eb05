//! A proxy that asks before it lets a request pass.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::stream::Stream;
use crate::{Client, Place, Server, eventually};

/// Names the nginx to start.
const NGINX_VARIABLE: &str = "BREAKGLASS_E2E_NGINX";

/// What the guide shows. The test runs that, but for the addresses.
const CONFIGURATION: &str = include_str!("../../docs/guides/forward-auth/nginx.conf");

/// The addresses in it: of Breakglass, of the service, and of the proxy.
const ADDRESSES: [&str; 3] = ["127.0.0.1:8730", "127.0.0.1:9000", "127.0.0.1:8080"];

/// A running nginx in front of a small static site. It is killed when it is dropped.
#[derive(Debug)]
pub struct Nginx {
    process: Child,
    url: String,
    site_url: String,
}

impl Nginx {
    /// Starts it before a site of one page, `/`, that answers with `text` and tells in `X-Seen-Subject` and
    /// `X-Seen-Authorization` what it was sent.
    pub fn start(place: &Place, server: &Server, text: &str) -> Self {
        let root = place.path("nginx");
        fs::create_dir_all(root.join("site")).expect("the folder can be made");
        fs::write(root.join("site/index.html"), text).expect("the page can be written");
        let [address, site] = [free_address(), free_address()];
        let configuration = root.join("nginx.conf");
        let whole = whole_configuration(&root, server.url(), (&address, &site));
        fs::write(&configuration, whole).expect("the configuration can be written");
        let mut process = Command::new(program())
            .arg("-p")
            .arg(&root)
            .arg("-c")
            .arg(&configuration)
            .args(["-e", "stderr"])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("nginx starts");
        let log = Stream::of(process.stderr.take().expect("standard error is a pipe"));
        let nginx = Self {
            process,
            url: format!("http://{address}"),
            site_url: format!("http://{site}"),
        };
        for address in [address, site] {
            eventually(&format!("nginx answers\n{}", log.text()), || {
                TcpStream::connect(&address).ok()
            });
        }
        nginx
    }

    /// Where the site is that needs no asking.
    pub fn site_url(&self) -> &str {
        &self.site_url
    }

    /// A client of the proxy.
    pub fn client(&self) -> Client {
        Client::new(&self.url)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Both fail only when it has ended, and then there is nothing to do.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

fn whole_configuration(root: &Path, breakglass: &str, (address, site): (&str, &str)) -> String {
    let socket = root.join("site.sock");
    let service = format!("unix:{}", socket.display());
    let breakglass = breakglass.trim_start_matches("http://");
    let mut shown = CONFIGURATION.to_owned();
    for (documented, real) in ADDRESSES.iter().zip([breakglass, &service, address]) {
        assert!(shown.contains(documented), "the guide names {documented}");
        shown = shown.replace(documented, real);
    }
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {name};\n"))
        .concat();
    format!(
        "daemon off;
        master_process off;
        pid nginx.pid;
        events {{}}
        http {{
            access_log off;
            {temporary}
            server {{
                listen {service};
                listen {site};
                root site;
                add_header X-Seen-Subject $http_x_breakglass_subject;
                add_header X-Seen-Authorization $http_authorization;
            }}
            {shown}
        }}"
    )
}

/// An address that nobody listens on. nginx itself asks for it again when somebody was faster.
fn free_address() -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its address").to_string()
}

/// The program that `cargo xtask test` found or installed.
fn program() -> PathBuf {
    let program = std::env::var_os(NGINX_VARIABLE).map_or_else(default_program, PathBuf::from);
    assert!(
        program.exists(),
        "{} is not there; `cargo xtask test` finds or installs nginx, then runs the tests",
        program.display()
    );
    program
}

/// Where `cargo xtask test` keeps it.
fn default_program() -> PathBuf {
    crate::python::target().join("e2e-nginx/nginx")
}
