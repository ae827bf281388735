//! What Loco asks of the application. Never: tasks that make trouble on purpose, outside development.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use loco_rs::app::{AppContext, Hooks};
use loco_rs::bgworker::{BackgroundWorker, Queue};
use loco_rs::boot::{create_app, BootResult, StartMode};
use loco_rs::config::Config;
use loco_rs::controller::AppRoutes;
use loco_rs::environment::Environment;
use loco_rs::task::Tasks;
use loco_rs::{Error, Result};
use sea_orm_migration::sea_orm::ConnectionTrait;

use crate::migrations::Migrator;
use crate::workers::SendReceipt;
use crate::{tasks, workers};

pub struct App;

/// `register_tasks` is not told the environment; `load_config`, which every command calls first, is.
static DEVELOPMENT: AtomicBool = AtomicBool::new(false);

#[async_trait]
impl Hooks for App {
    fn app_name() -> &'static str {
        env!("CARGO_CRATE_NAME")
    }

    fn app_version() -> String {
        env!("CARGO_PKG_VERSION").to_owned()
    }

    async fn load_config(environment: &Environment) -> Result<Config> {
        DEVELOPMENT.store(environment == &Environment::Development, Ordering::Relaxed);
        environment.load()
    }

    async fn boot(mode: StartMode, environment: &Environment, config: Config) -> Result<BootResult> {
        create_app::<Self, Migrator>(mode, environment, config).await
    }

    fn routes(_: &AppContext) -> AppRoutes {
        AppRoutes::with_default_routes()
    }

    async fn connect_workers(context: &AppContext, queue: &Queue) -> Result<()> {
        queue.register(SendReceipt::build(context)).await?;
        queue.register(workers::CloseOrders::build(context)).await
    }

    fn register_tasks(tasks: &mut Tasks) {
        tasks::register(tasks);
        if DEVELOPMENT.load(Ordering::Relaxed) {
            tasks::trouble::register(tasks);
        }
    }

    async fn truncate(context: &AppContext) -> Result<()> {
        for table in ["receipts", "orders", "customers"] {
            context.db.execute_unprepared(&format!("DELETE FROM {table}")).await?;
        }
        Ok(())
    }

    async fn seed(_: &AppContext, _: &Path) -> Result<()> {
        Err(Error::string(
            "there is nothing to seed: the first rows come with a migration; run db migrate",
        ))
    }
}
