//! A folder in which the application is started, and one request to it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::{json, Value};
use sqlx::Row;

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A temporary folder with the configuration of some environments; removed at the end.
pub struct Workspace {
    pub root: PathBuf,
}

/// What came back from one request.
#[derive(Debug)]
pub struct Reply {
    pub exit: Option<i32>,
    pub json: Value,
    pub stderr: String,
}

impl Reply {
    /// The result; the request must have succeeded.
    pub fn result(&self) -> &Value {
        assert_eq!(self.exit, Some(0), "{self:#?}");
        assert_eq!(self.json["ok"], true, "{self:#?}");
        assert!(self.json.get("error").is_none());
        &self.json["result"]
    }

    /// The error; it must have this code.
    pub fn error(&self, code: &str) -> &Value {
        assert_eq!(self.json["error"]["code"], code, "{self:#?}");
        assert_eq!(self.json["ok"], false);
        assert!(self.json.get("result").is_none());
        let request = ["INVALID_REQUEST", "UNKNOWN_OPERATION", "UNKNOWN_ENVIRONMENT"].contains(&code);
        assert_eq!(self.exit, Some(if request { 2 } else { 1 }), "{self:#?}");
        &self.json["error"]
    }
}

impl Workspace {
    pub fn new() -> Self {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("reeve-loco-{}-{number}", std::process::id()));
        std::fs::create_dir_all(root.join("config")).unwrap();
        std::fs::create_dir_all(root.join("data")).unwrap();
        let it = Self {
            root: root.canonicalize().unwrap(),
        };
        it.environment("development", "sqlite://data/app.sqlite?mode=rwc", QUEUE);
        let foreground = "workers: {mode: ForegroundBlocking}\n";
        it.environment("production", "sqlite://data/production.sqlite?mode=rwc", foreground);
        it
    }

    /// Writes the configuration of an environment.
    pub fn environment(&self, name: &str, database: &str, more: &str) {
        let text = format!(
            "logger: {{enable: true, level: debug, format: compact}}\n\
             server: {{port: 5150, host: http://localhost}}\n\
             database:\n  uri: \"{database}\"\n  enable_logging: false\n  connect_timeout: 500\n  idle_timeout: 500\n  \
             min_connections: 1\n  max_connections: 1\n  run_on_start: \"PRAGMA busy_timeout = 200; PRAGMA journal_mode = WAL;\"\n\
             {more}"
        );
        self.write(&format!("config/{name}.yaml"), &text);
    }

    pub fn write(&self, path: &str, text: &str) {
        std::fs::write(self.root.join(path), text).unwrap();
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.root.join(path)
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            // None of them may have a say.
            .env("LOCO_ENV", "production")
            .env("RAILS_ENV", "production")
            .env("NODE_ENV", "production")
            .current_dir(&self.root);
        command
    }

    /// Asks for an operation in development.
    pub fn ask(&self, operation: &str, arguments: Value) -> Reply {
        self.ask_in("development", operation, arguments, &[])
    }

    /// Asks with variables that make the application misbehave.
    pub fn ask_with(&self, variables: &[(&str, &str)], operation: &str, arguments: Value) -> Reply {
        self.ask_in("development", operation, arguments, variables)
    }

    pub fn ask_in(&self, environment: &str, operation: &str, arguments: Value, variables: &[(&str, &str)]) -> Reply {
        let request = json!({"version": 1, "operation": operation, "environment": environment, "arguments": arguments});
        let reply = self.send(request.to_string().as_bytes(), variables);
        assert_eq!(reply.json["operation"], operation);
        assert_eq!(reply.json["environment"], environment);
        reply
    }

    /// Sends bytes and reads the answer: one line, and nothing else.
    pub fn send(&self, request: &[u8], variables: &[(&str, &str)]) -> Reply {
        let mut command = self.command();
        command.arg("reeve").envs(variables.iter().copied());
        let output = fed(command, request);
        let stdout = String::from_utf8(output.stdout).expect("the answer is UTF-8");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        let line = stdout
            .strip_suffix('\n')
            .unwrap_or_else(|| panic!("no line: {stdout:?}\n{stderr}"));
        assert!(!line.contains('\n'), "more than one line: {stdout}");
        let json: Value = serde_json::from_str(line).expect("the answer is JSON");
        assert_eq!(json["version"], 1);
        assert!(json["durationMs"].is_u64());
        Reply {
            exit: output.status.code(),
            json,
            stderr,
        }
    }

    /// Runs statements on a database of the workspace.
    pub fn sql(&self, database: &str, statements: &str) {
        let mut connection = Connection::open(&self.path(database));
        connection.run(statements);
    }

    /// The one number that a query gives.
    pub fn number(&self, database: &str, query: &str) -> i64 {
        Connection::open(&self.path(database)).number(query)
    }
}

impl Drop for Workspace {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.root);
    }
}

/// Runs a command to its end with these bytes on standard input.
pub fn fed(mut command: Command, bytes: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    // It may be done before it has read all; that is its right.
    let _ = child.stdin.take().unwrap().write_all(bytes);
    child.wait_with_output().unwrap()
}

/// A connection that blocks.
pub struct Connection {
    runtime: tokio::runtime::Runtime,
    inner: Option<sqlx::SqliteConnection>,
}

impl Connection {
    pub fn open(path: &Path) -> Self {
        use sqlx::ConnectOptions;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let options = sqlx::sqlite::SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true);
        let inner = runtime.block_on(options.connect()).unwrap();
        Self {
            runtime,
            inner: Some(inner),
        }
    }

    pub fn run(&mut self, statements: &str) {
        let inner = self.inner.as_mut().unwrap();
        let statements = sqlx::AssertSqlSafe(statements.to_owned());
        self.runtime.block_on(sqlx::raw_sql(statements).execute(inner)).unwrap();
    }

    pub fn number(&mut self, query: &str) -> i64 {
        let inner = self.inner.as_mut().unwrap();
        let query = sqlx::AssertSqlSafe(query.to_owned());
        self.runtime
            .block_on(sqlx::query(query).fetch_one(inner))
            .unwrap()
            .get(0)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        use sqlx::Connection as _;
        if let Some(inner) = self.inner.take() {
            let _ = self.runtime.block_on(inner.close());
        }
    }
}

/// A background queue in the application's own database, and a scheduler.
pub const QUEUE: &str = r#"workers: {mode: BackgroundQueue}
queue:
  kind: Sqlite
  uri: sqlite://data/app.sqlite?mode=rwc
  max_connections: 1
scheduler:
  jobs:
    greet: {run: "hello name:scheduler", schedule: "0 0 3 * * *", tags: [nightly]}
    environment: {run: "printf '%s' \"$LOCO_ENV\"; echo \" $PWD\" >&2", shell: true, schedule: "every hour", run_on_start: true}
    breaks: {run: "echo before; exit 7", shell: true, schedule: "every hour"}
    killed: {run: "kill -9 $$", shell: true, schedule: "every hour"}
    panics: {run: "panic", schedule: "every hour"}
    silent: {run: "echo nothing", shell: true, schedule: "every hour", output: silent}
"#;
