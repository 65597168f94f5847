//! `lianqiao doctor`: looks at everything that commonly goes wrong and says what to do.

use std::{
    fs,
    io::Write as _,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::Command,
};

use config::{Config, DatabaseEngine};
use flows::single_sign_on::{SINGLE_SIGN_ON_PATH, SingleSignOn};
use outbound::Outbound;
use tokio::time::Instant;

use crate::{
    administration,
    bots::organisation::{self, Answer},
    cli::say,
    engine,
    limits::{DISK_FREE_MEBIBYTES_MIN, DOCTOR_SYNCS},
    settings, signing_key,
    tls::Certificate,
};

/// What one check found.
enum Finding {
    Good(String),
    /// Works, but look at it.
    Note(String),
    /// Does not work; what to do.
    Bad(String),
}

use Finding::{Bad, Good, Note};

/// Runs every check and prints a line for each.
pub(crate) async fn run(file: &Path, config: Result<Config, String>) -> Result<(), String> {
    let config = config.map_err(|error| {
        format!("{error}\nWrite a configuration with `lianqiao config example > {}`.", file.display())
    })?;
    say(&format!("good  {} is valid", file.display()));
    let directory = Path::new(&config.server.data_directory).to_owned();
    let runs = administration::is_running(&directory).await;

    let mut findings = vec![server_state(runs), clock()];
    findings.extend(ports(&config, runs));
    findings.extend(disk(&config, &directory));
    findings.push(key(&config, &directory));
    findings.push(certificate(&config));
    findings.extend(names(&config).await);
    findings.extend(identity_providers(&config).await);
    findings.push(bots(&config, runs).await);

    let mut bad = 0;
    for finding in findings {
        match finding {
            Good(text) => say(&format!("good  {text}")),
            Note(text) => say(&format!("note  {text}")),
            Bad(text) => {
                bad += 1;
                say(&format!("BAD   {text}"));
            }
        }
    }
    if bad == 0 { Ok(()) } else { Err(format!("{bad} of the checks failed")) }
}

/// Whether the bots of a server that runs are at work.
async fn bots(config: &Config, runs: bool) -> Finding {
    if !config.bots.enabled {
        return Note("the bots are off: nobody asks for approvals here ([bots] enabled = true)".to_owned());
    }
    if !runs {
        return Good("the bots start with the server".to_owned());
    }
    match organisation::health(config).await {
        Some(Ok(Answer::Health { is_well: true, inbox, outbox, people })) => Good(format!(
            "the bots are at work for {people} people; {inbox} events and {outbox} letters wait"
        )),
        Some(Ok(Answer::Health { inbox, outbox, .. })) => Bad(format!(
            "the bots are not at work ({inbox} events and {outbox} letters wait): look into the log for what they say"
        )),
        Some(Ok(_)) => {
            Bad("the bots do not say how they are: start the server anew after an upgrade".to_owned())
        }
        Some(Err(reason)) => Bad(format!("the bots cannot be asked: {reason}")),
        None => {
            Bad("the bots do not answer: look into the log, or start them with `lianqiao bots`".to_owned())
        }
    }
}

fn server_state(runs: bool) -> Finding {
    Good(
        if runs { "a server runs on this data folder" } else { "no server runs on this data folder" }
            .to_owned(),
    )
}

/// A clock that is far off makes event times and tokens wrong; a year before this program is.
fn clock() -> Finding {
    const JANUARY_2025_MS: u64 = 1_735_689_600_000;
    if base::Clock::system().now_ms() < JANUARY_2025_MS {
        return Bad("the clock is years behind: set it, and install a time service such as chrony".to_owned());
    }
    let synchronised = Command::new("timedatectl").args(["show", "--property=NTPSynchronized"]).output();
    match synchronised {
        Ok(output) if output.stdout.starts_with(b"NTPSynchronized=no") => {
            Note("the clock is not synchronised: install a time service such as chrony".to_owned())
        }
        Ok(_) | Err(_) => Good("the clock is plausible".to_owned()),
    }
}

fn ports(config: &Config, runs: bool) -> Vec<Finding> {
    if runs {
        return Vec::new();
    }
    let listeners = &config.listeners;
    let has_certificate = config.tls.certificate_file.is_some() || config.acme.enabled;
    let federation = if has_certificate { listeners.federation.as_slice() } else { &[] };
    [listeners.client.as_slice(), &listeners.client_tls, federation, &listeners.private]
        .concat()
        .iter()
        .filter_map(|address| Some((address, address.parse::<SocketAddr>().ok()?)))
        .map(|(address, parsed)| match TcpListener::bind(parsed) {
            Ok(_) => Good(format!("{address} is free")),
            Err(error) => Bad(format!(
                "{address} cannot be opened ({error}): stop what runs there, or change [listeners]"
            )),
        })
        .collect()
}

fn disk(config: &Config, directory: &Path) -> Vec<Finding> {
    if config.database.engine == DatabaseEngine::Memory {
        return vec![Note("database.engine is \"memory\": everything is forgotten at the end".to_owned())];
    }
    if let Err(error) = fs::create_dir_all(directory) {
        return vec![Bad(format!("{} cannot be made ({error}): check its owner", directory.display()))];
    }
    let mut findings = vec![free_space(directory), sync_rate(directory)];
    let database = directory.join(engine::FOLDER_NAME);
    findings.push(match (database.exists(), database.join("CURRENT").exists()) {
        (false, _) => Note("there is no database yet; the first start makes it".to_owned()),
        (true, true) => Good(format!("{} holds a database", database.display())),
        (true, false) => Bad(format!(
            "{} is there but holds no readable manifest: restore a backup; it is never made anew",
            database.display()
        )),
    });
    findings
}

fn free_space(directory: &Path) -> Finding {
    let output = Command::new("df").args(["-Pm", "--"]).arg(directory).output();
    let free = output.ok().and_then(|output| {
        let text = String::from_utf8(output.stdout).ok()?;
        text.lines().nth(1)?.split_whitespace().nth(3)?.parse::<u64>().ok()
    });
    match free {
        Some(free) if free < DISK_FREE_MEBIBYTES_MIN => {
            Bad(format!("only {free} MiB are free on the disk of {}: make room", directory.display()))
        }
        Some(free) => Good(format!("{free} MiB are free on the disk")),
        None => Note("free disk space is unknown here".to_owned()),
    }
}

/// How long an acknowledged write takes at least: nothing is answered before it is on the disk.
fn sync_rate(directory: &Path) -> Finding {
    let path = directory.join("doctor.tmp");
    let measured = fs::File::create(&path).and_then(|mut file| {
        let started = Instant::now();
        for _ in 0..DOCTOR_SYNCS {
            file.write_all(&[0; 512])?;
            file.sync_data()?;
        }
        Ok(started.elapsed() / DOCTOR_SYNCS)
    });
    let _ = fs::remove_file(&path);
    match measured {
        Ok(each) if each.as_millis() >= 50 => Note(format!(
            "one durable write takes {} ms: every send waits for it; use a disk with power-loss protection",
            each.as_millis()
        )),
        Ok(each) => Good(format!("one durable write takes {:.2} ms", each.as_secs_f64() * 1000.0)),
        Err(error) => Bad(format!("{} cannot be written ({error}): check its owner", directory.display())),
    }
}

fn key(config: &Config, directory: &Path) -> Finding {
    if config.database.engine == DatabaseEngine::Memory {
        return Good("the signing key is made at each start".to_owned());
    }
    let path = directory.join(signing_key::FILE_NAME);
    if !path.exists() {
        return Note("there is no signing key yet; the first start makes it".to_owned());
    }
    match signing_key::load_or_create(directory, &base::Rng::system()) {
        Ok(keys) => Good(format!("the signing key {} is readable", keys.current_id())),
        Err(error) => Bad(error.to_string()),
    }
}

fn certificate(config: &Config) -> Finding {
    let (Some(chain), Some(key)) = (&config.tls.certificate_file, &config.tls.private_key_file) else {
        return if config.acme.enabled {
            Good("certificates come from an authority; see the log for renewals".to_owned())
        } else {
            Note("no TLS here: put a reverse proxy in front, or set [tls] or [acme]".to_owned())
        };
    };
    if let Err(error) = Certificate::from_files(Path::new(chain), Path::new(key)) {
        return Bad(error.to_string());
    }
    // `openssl` is on nearly every machine, and reading dates is all that is needed of it.
    let remains = |seconds: &str| {
        Command::new("openssl").args(["x509", "-noout", "-checkend", seconds, "-in", chain]).output()
    };
    match (remains("0"), remains("1209600")) {
        (Ok(now), _) if !now.status.success() => {
            Bad(format!("the certificate {chain} has expired: renew it and send SIGHUP"))
        }
        (_, Ok(soon)) if !soon.status.success() => {
            Note(format!("the certificate {chain} expires within 14 days: renew it and send SIGHUP"))
        }
        (Ok(_), Ok(_)) => Good("the certificate is valid for more than 14 days".to_owned()),
        (Err(_), _) | (_, Err(_)) => {
            Good("the certificate is readable (its dates were not checked)".to_owned())
        }
    }
}

/// Whether each identity provider can be asked and describes itself as its issuer.
async fn identity_providers(config: &Config) -> Vec<Finding> {
    let sso = settings::single_sign_on(config);
    if sso.providers.is_empty() {
        return Vec::new();
    }
    let outbound = settings::outbound(config).map_err(|error| error.to_string());
    let outbound = outbound.and_then(|outbound| Outbound::new(outbound).map_err(|error| error.to_string()));
    let outbound = match outbound {
        Ok(outbound) => outbound,
        Err(error) => return vec![Bad(format!("[outbound] cannot be used: {error}"))],
    };
    let base = sso.public_base_url.trim_end_matches('/').to_owned();
    let single_sign_on = SingleSignOn::new(sso, &outbound, base::Clock::system(), base::Rng::system());
    let mut findings = Vec::new();
    for provider in single_sign_on.providers() {
        let (id, issuer) = (&provider.id, &provider.issuer);
        findings.push(match single_sign_on.check(id).await {
            Ok(()) => Good(format!(
                "identity provider {id} answers; its redirect URI must be {base}{SINGLE_SIGN_ON_PATH}/{id}/callback"
            )),
            Err(error) => Bad(format!(
                "identity provider {id}: {error}. Check that {issuer} is its issuer, letter by letter; name its host in \
                 outbound.allowed_hosts (or its address in outbound.allowed_ranges) when it is a private one, and its \
                 authority in outbound.authorities_file when it has a certificate of your own"
            )),
        });
    }
    findings
}

/// Whether others can find this server by its name.
async fn names(config: &Config) -> Vec<Finding> {
    let name = &config.server.name;
    if name == "localhost" {
        return vec![Note("the server name is \"localhost\": good for this machine only".to_owned())];
    }
    let host = name.split(':').next().unwrap_or(name);
    let mut findings = vec![match tokio::net::lookup_host((host, 443)).await {
        Ok(mut addresses) => match addresses.next() {
            Some(address) => Good(format!("{host} resolves to {}", address.ip())),
            None => Bad(format!("{host} resolves to nothing: add an A or AAAA record")),
        },
        Err(error) => Bad(format!("{host} does not resolve ({error}): add an A or AAAA record")),
    }];
    findings.push(match (&config.server.public_base_url, &config.server.well_known_server) {
        (Some(_), Some(_)) => Good(format!(
            "discovery is configured: https://{host}/.well-known/matrix/client must reach this server"
        )),
        _ => Note(format!(
            "set server.public_base_url and server.well_known_server unless clients and servers connect to \
             https://{host} itself"
        )),
    });
    findings
}
