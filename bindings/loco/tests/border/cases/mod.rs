//! All cases, in the order in which they are run.

mod databases;
mod jobs;
mod requests;
mod tasks;

use crate::Case;

/// Lists functions with their names.
macro_rules! cases {
    ($($case:ident),* $(,)?) => {
        pub fn all() -> Vec<crate::Case> {
            vec![$((stringify!($case), $case as fn(&crate::workspace::Workspace))),*]
        }
    };
}
use cases;

pub fn all() -> Vec<Case> {
    [requests::all(), databases::all(), tasks::all(), jobs::all()].concat()
}
