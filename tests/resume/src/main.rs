//! The long run: clients of both languages do all that a client can do, all the time, while a proxy breaks their links
//! again and again. In the end nothing may be lost, doubled, out of order or failed, and every session must be the first.
//!
//! `resume-run --kills N --seed N [--seconds N] [--node FOLDER]`, as `cargo xtask resume` starts it; the folder is that of the
//! clients in TypeScript, and without it there are none. It ends with 1 if something is wrong.

#![allow(clippy::print_stdout)] // the tables are for whoever started it

mod client;
mod fault;
#[cfg(test)]
mod in_memory;
mod load;
mod log;
mod node;
mod plan;
mod proxy;
mod random;
mod records;
mod report;
mod time;
mod wire;

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use glue::Client;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::client::{Report, impatient};
use crate::load::Server;
use crate::log::Log;
use crate::node::Node;
use crate::plan::Plan;
use crate::random::Random;
use crate::report::Story;
use crate::time::now;

#[tokio::main]
async fn main() -> Result<ExitCode, Box<dyn Error>> {
    let options = Options::read(std::env::args().skip(1))?;
    let run = Run::start(&options).await?;
    let begun = now();
    let stories = run.finish(&options).await?;
    let (report, is_well) = report::report(&stories, options.seed, begun.elapsed().as_secs());
    println!("{report}");
    Ok(if is_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

struct Options {
    kills: u32,
    seed: u64,
    seconds: Option<u64>,
    node: Option<PathBuf>,
}

impl Options {
    fn read(args: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let args: Vec<_> = args.collect();
        let mut given = HashMap::new();
        for pair in args.chunks(2) {
            let [name, value] = pair else {
                return Err(format!("{} has no value", pair[0]).into());
            };
            given.insert(name.as_str(), value);
        }
        let options = Self {
            kills: given.remove("--kills").map_or(Ok(300), |kills| kills.parse())?,
            seed: given.remove("--seed").map_or(Ok(1), |seed| seed.parse())?,
            seconds: given
                .remove("--seconds")
                .map(|seconds| seconds.parse())
                .transpose()?,
            node: given.remove("--node").map(PathBuf::from),
        };
        match given.keys().next() {
            Some(name) => Err(format!("no such option: {name}").into()),
            None => Ok(options),
        }
    }
}

/// A server, a proxy for each client, and the clients.
struct Run {
    server: Server,
    names: Vec<String>,
    logs: Vec<Log>,
    plans: Vec<Arc<Plan>>,
    over: Vec<watch::Sender<bool>>,
    rust: JoinSet<(usize, Report)>,
    node: Option<(Node, usize)>,
}

impl Run {
    async fn start(options: &Options) -> Result<Self, Box<dyn Error>> {
        let kinds: Vec<_> = RUST
            .iter()
            .chain(options.node.iter().flat_map(|_| TYPESCRIPT))
            .collect();
        let begun = now();
        let logs: Vec<_> = kinds.iter().map(|_| Log::new(begun)).collect();
        let server = Server::new(&logs, options.seed);
        let address = serve(&server).await?;

        let mut run = Self {
            server,
            names: kinds
                .iter()
                .enumerate()
                .map(|(client, kind)| format!("client {client} ({})", kind.0))
                .collect(),
            logs,
            plans: Vec::new(),
            over: Vec::new(),
            rust: JoinSet::new(),
            node: None,
        };
        let mut in_node = Vec::new();
        for (client, (_, transport)) in kinds.iter().enumerate() {
            let random = Random::new(options.seed, client as u64);
            let log = run.logs[client].clone();
            let plan = Arc::new(Plan::new(random, transport, log.clone()));
            let proxy = proxy::start(address, plan.clone()).await?;
            let over = watch::Sender::new(false);
            if client < RUST.len() {
                let builder = impatient(Client::builder(format!("http://{proxy}")), client);
                let (is_over, seed) = (over.subscribe(), options.seed ^ client as u64);
                run.rust
                    .spawn(async move { (client, client::run(builder, log, is_over, seed).await) });
            } else {
                in_node.push((client, *transport, proxy));
            }
            run.plans.push(plan);
            run.over.push(over);
        }
        if let Some(folder) = &options.node {
            run.node = Some((Node::start(folder, &in_node, options.seed)?, in_node.len()));
        }
        Ok(run)
    }

    /// Breaks links, lets the clients come to their ends, and returns what there is to tell.
    async fn finish(mut self, options: &Options) -> Result<Vec<Story>, Box<dyn Error>> {
        let (over_in_node, is_over_in_node) = mpsc::unbounded_channel();
        let kills_done = async {
            let each = options.kills.div_ceil(u32::try_from(self.plans.len())?);
            let all = self
                .plans
                .iter()
                .zip(&self.over)
                .enumerate()
                .map(|(client, (plan, over))| {
                    let over_in_node = over_in_node.clone();
                    let account = self.server.account(client);
                    async move {
                        account.begun().await;
                        let carried_out = plan.carry_out(each);
                        match options.seconds.map(Duration::from_secs) {
                            // To see that without faults all is well.
                            Some(time) if each == 0 => time::pause(time).await,
                            Some(time) => drop(timeout(time, carried_out).await),
                            None => carried_out.await,
                        }
                        plan.spare();
                        plan.log.add("proxy: no more faults");
                        over.send_replace(true);
                        // There may be no Node.
                        let _ = over_in_node.send(client);
                    }
                });
            futures_util::future::join_all(all).await;
            Ok::<_, Box<dyn Error>>(())
        };
        let mut reports = BTreeMap::new();
        let rust = async {
            while let Some(Ok((client, report))) = self.rust.join_next().await {
                reports.insert(client, report);
            }
        };
        let in_node = async {
            match self.node.take() {
                Some((node, count)) => node.run(count, &self.logs, is_over_in_node).await,
                None => BTreeMap::new(),
            }
        };
        let plans = &self.plans;
        let watchdog = stuck(plans);
        let (_, in_node) = tokio::select! {
            (kills, (), in_node) = async { tokio::join!(kills_done, rust, in_node) } => { kills?; ((), in_node) }
            () = watchdog => {
                eprintln!("resume-run: nothing moves any more");
                ((), BTreeMap::new())
            }
        };
        reports.extend(in_node);
        let stories = self.plans.iter().enumerate().map(|(client, plan)| Story {
            name: self.names[client].clone(),
            counts: plan.counts(),
            client: reports.remove(&client),
            server: self.server.account(client).records().outcome(),
            sessions: self.server.account(client).sessions(),
            log: plan.log.clone(),
        });
        Ok(stories.collect())
    }
}

/// Ends when nothing has happened for a long time.
async fn stuck(plans: &[Arc<Plan>]) {
    let happened = || plans.iter().map(|plan| plan.log.count()).sum::<u64>();
    let mut before = happened();
    loop {
        time::pause(STUCK).await;
        let now = happened();
        if now == before {
            return;
        }
        before = now;
    }
}

/// Starts the server; it ends with the runtime.
async fn serve(server: &Server) -> Result<SocketAddr, glue::Error> {
    let listener = server.build()?.bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(listener.serve());
    Ok(address)
}

/// Clients, and what they may travel by.
const RUST: &[(&str, &str)] = &[("Rust", "WebSocket"), ("Rust", "WebSocket")];
const TYPESCRIPT: &[(&str, &str)] = &[
    ("TypeScript, WebSocket", "WebSocket"),
    ("TypeScript, WebSocket", "WebSocket"),
    ("TypeScript, Ajax", "AjaxSocket"),
    ("TypeScript, Ajax", "AjaxSocket"),
    ("TypeScript, both", "both"),
    ("TypeScript, both", "both"),
];

/// Far above what a loaded machine needs between two events.
const STUCK: Duration = Duration::from_secs(60);
