//! What a process uses of the machine, as the kernel counts it.

use std::time::Duration;

use anyhow::{Context, Result};

/// The kernel counts processor time for programs in hundredths of a second (`USER_HZ`), on every machine that Rust knows.
const TICK: Duration = Duration::from_millis(10);

/// What a process has used since it started, and what it holds now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Usage {
    /// Processor time of all its threads, in itself and in the kernel for it.
    pub(super) cpu: Duration,
    /// Bytes that went to the disk in its name.
    pub(super) written: u64,
    /// Bytes of memory that it holds.
    pub(super) resident: u64,
    /// The most that it ever held.
    pub(super) peak: u64,
}

impl Usage {
    /// Of a process that runs.
    pub(super) fn of(process: u32) -> Result<Self> {
        let read = |file: &str| {
            std::fs::read_to_string(format!("/proc/{process}/{file}"))
                .with_context(|| format!("failed to read what the kernel counts in {file}"))
        };
        let (stat, io, status) = (read("stat")?, read("io")?, read("status")?);
        Self::read(&stat, &io, &status).context("the kernel counts in a way that is not known")
    }

    /// Reads `stat`, `io` and `status` of a process (proc(5)).
    fn read(stat: &str, io: &str, status: &str) -> Option<Self> {
        // The name in brackets may hold anything; the time is in the twelfth and thirteenth field after it.
        let (_, fields) = stat.rsplit_once(')')?;
        let mut fields = fields.split_whitespace().skip(11);
        let mut ticks = || fields.next()?.parse::<u32>().ok();
        let cpu = TICK * (ticks()? + ticks()?);
        let number = |text: &str, name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        Some(Self {
            cpu,
            written: number(io, "write_bytes:")?,
            resident: number(status, "VmRSS:")? * 1024,
            peak: number(status, "VmHWM:")? * 1024,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_writes_is_read() {
        let stat = "17 (a ) b) S 1 2 3 4 -1 5 6 7 8 9 250 50 0 0 20 0 4 0 1 2 3";
        let io = "rchar: 1\nwchar: 2\nread_bytes: 3\nwrite_bytes: 8192\n";
        let status = "Name:\tx\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n";
        let usage = Usage::read(stat, io, status).unwrap();
        assert_eq!(usage.cpu, Duration::from_secs(3));
        assert_eq!(usage.written, 8192);
        assert_eq!((usage.resident, usage.peak), (1 << 20, 2 << 20));
        assert_eq!(Usage::read("17 (x) S 1", io, status), None);
    }

    #[test]
    fn this_process_holds_memory() {
        let usage = Usage::of(std::process::id()).unwrap();
        assert!(usage.resident > 0 && usage.peak >= usage.resident);
    }
}
