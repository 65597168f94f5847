//! `bench`: drives Lianqiao and, when it is given, Synapse with the same generator in one run.
//!
//! A benchmark, never a timed test: it prints figures and fails only when a server answers wrongly.
//! Server CPU per operation is the figure that a noisy machine disturbs least. Everything stays on loopback,
//! every loop is bounded, and the servers are stopped at the end.

mod appservices;
mod client;
mod federation;
mod measure;
mod processes;
mod report;
mod target;
mod workloads;

use std::path::PathBuf;
use std::process::ExitCode;

use target::{LianqiaoOptions, SynapseOptions, Target};

/// What the command line asks for.
struct Options {
    lianqiao: PathBuf,
    synapse: Option<SynapseOptions>,
    json: Option<PathBuf>,
    readers: Vec<usize>,
    rooms: usize,
    large: bool,
    federation: bool,
    served: bool,
    appservices: bool,
    small: bool,
    full: bool,
    counts: Counts,
}

/// How much of what for `--appservices`, where the command line says so.
#[derive(Default)]
struct Counts {
    services: Option<usize>,
    ghosts: Option<usize>,
    messages: Option<usize>,
    people: Option<usize>,
    cases: Option<usize>,
}

impl Counts {
    fn of(&self, sizes: appservices::Sizes) -> appservices::Sizes {
        appservices::Sizes {
            services: self.services.unwrap_or(sizes.services),
            // Somebody has to have written what is imported.
            ghosts: self.ghosts.unwrap_or(sizes.ghosts).max(1),
            messages: self.messages.unwrap_or(sizes.messages),
            people: self.people.unwrap_or(sizes.people),
            cases: self.cases.unwrap_or(sizes.cases),
        }
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    // Every client asks for it when it is built, also the ones that speak plain HTTP. A second time changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let options = match parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("the benchmark stopped: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), String> {
    let lianqiao = LianqiaoOptions { binary: options.lianqiao };
    let sizes = if options.small { federation::Sizes::SMALL } else { federation::Sizes::FULL };
    if options.served {
        let synapse = options.synapse.ok_or("Synapse is needed to serve a room")?;
        eprintln!("joining a room that Synapse serves");
        return show(&federation::served::all(&lianqiao, &synapse, sizes).await?, options.json);
    }
    if options.federation {
        eprintln!("driving Lianqiao as other servers do");
        let measures = federation::all(&lianqiao, sizes).await?;
        return show(&[("Lianqiao".to_owned(), measures)], options.json);
    }
    if options.appservices {
        eprintln!("driving Lianqiao as application services and bots do");
        let sizes = match (options.small, options.full) {
            (true, _) => appservices::Sizes::SMALL,
            (false, true) => appservices::Sizes::FULL,
            (false, false) => appservices::Sizes::USUAL,
        };
        let measures = appservices::all(&lianqiao, options.counts.of(sizes)).await?;
        return show(&[("Lianqiao".to_owned(), measures)], options.json);
    }
    let mut targets = vec![Target::lianqiao(&lianqiao)?];
    if let Some(synapse) = options.synapse {
        targets.push(Target::synapse(synapse));
    }
    let mut columns = Vec::new();
    for mut target in targets {
        eprintln!("driving {}", target.name());
        let measures = workloads::all(&mut target, &options.readers, options.rooms).await;
        target.stop().await;
        columns.push((target.name().to_owned(), measures?));
    }
    if options.large
        && let Some((name, measures)) = columns.first_mut()
    {
        eprintln!("driving {name} at large sizes");
        let mut target = Target::lianqiao(&lianqiao)?;
        let large = workloads::large::all(&mut target).await;
        target.stop().await;
        measures.extend(large?);
    }
    show(&columns, options.json)
}

/// Prints the table and writes it down where that is asked for.
fn show(columns: &[(String, Vec<measure::Measure>)], json: Option<PathBuf>) -> Result<(), String> {
    report::print(columns);
    if let Some(path) = json {
        std::fs::write(&path, report::json(columns))
            .map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(())
}

fn parse(mut words: impl Iterator<Item = String>) -> Result<Options, String> {
    let mut options = Options {
        lianqiao: PathBuf::from("lianqiao"),
        synapse: None,
        json: None,
        readers: vec![200, 1000],
        rooms: 200,
        large: false,
        federation: false,
        served: false,
        appservices: false,
        small: false,
        full: false,
        counts: Counts::default(),
    };
    let mut synapse = SynapseOptions::default();
    while let Some(word) = words.next() {
        let switch = match word.as_str() {
            "--large" => Some(&mut options.large),
            "--federation" => Some(&mut options.federation),
            "--served" => Some(&mut options.served),
            "--appservices" => Some(&mut options.appservices),
            "--small" => Some(&mut options.small),
            "--full" => Some(&mut options.full),
            _ => None,
        };
        if let Some(switch) = switch {
            *switch = true;
            continue;
        }
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--lianqiao" => options.lianqiao = value()?.into(),
            "--json" => options.json = Some(value()?.into()),
            "--rooms" => options.rooms = number(&value()?)?,
            "--readers" => options.readers = value()?.split(',').map(number).collect::<Result<_, _>>()?,
            "--services" => options.counts.services = Some(number(&value()?)?),
            "--ghosts" => options.counts.ghosts = Some(number(&value()?)?),
            "--messages" => options.counts.messages = Some(number(&value()?)?),
            "--people" => options.counts.people = Some(number(&value()?)?),
            "--cases" => options.counts.cases = Some(number(&value()?)?),
            "--synapse-python" => synapse.python = value()?.into(),
            "--synapse-config" => synapse.config = value()?.into(),
            "--synapse-url" => synapse.url = value()?,
            "--postgres-pid" => synapse.postgres_pid = number(&value()?)? as u32,
            "--postgres-port" => synapse.postgres_port = number(&value()?)? as u16,
            _ => return Err(format!("unknown option {word}; see complement-tests/bench/run")),
        }
    }
    if !synapse.url.is_empty() {
        options.synapse = Some(synapse);
    }
    Ok(options)
}

fn number(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| format!("{text} is not a number"))
}
