//! Who may do what: every route by each of its methods, for every kind of caller, against one table.
//! Knows nothing of what answers say but to whom they tell apart what is hidden from what is not there.

mod absent;
mod dress;
mod headers;
mod scene;
mod subject;
mod table;

use std::sync::Arc;

use tokio::task::JoinSet;

use self::scene::{CALLERS, Caller, Scene, World};
use self::subject::{On, Place};
use self::table::{Entry, Row};
use crate::support::client::{Request, Response};

/// How many cells are asked for at once.
const AT_ONCE: usize = 12;

/// A cell: somebody asks for something of a place.
#[derive(Clone)]
struct Cell {
    place: Place,
    entry: Entry,
    row: Row,
    /// The number of a row's method.
    method: usize,
    caller: Caller,
}

impl Cell {
    fn method(&self) -> &str {
        &self.row.methods[self.method]
    }

    fn reads(&self) -> bool {
        matches!(self.method(), "GET" | "HEAD")
    }

    fn expected(&self) -> u16 {
        self.row.expected[self.caller.column()]
    }

    fn request(&self, scene: &Scene, on: &On) -> Request {
        let route = (self.entry.of)(on);
        dress::request(scene, &route, self.method(), &self.row.flag, on, self.caller)
    }

    /// What to say of it.
    fn shown(&self, on: &On) -> String {
        let route = (self.entry.of)(on);
        let (flag, caller) = (&self.row.flag, self.caller.word());
        format!("{:?} {} {} {flag} by {caller}", self.place, self.method(), route.path())
    }
}

/// All cells of a place.
fn cells(place: Place) -> Vec<Cell> {
    let mut cells = Vec::new();
    for entry in table::entries() {
        for row in place.rows(&entry) {
            for method in 0..row.methods.len() {
                for caller in CALLERS {
                    let (entry, row) = (entry.clone(), row.clone());
                    cells.push(Cell { place, entry, row, method, caller });
                }
            }
        }
    }
    cells
}

/// Asks for a cell; what is wrong with the answer.
async fn ask(scene: Arc<Scene>, cell: Cell) -> Vec<String> {
    let on = match cell.reads() {
        true => scene.kept(cell.place),
        // A write that succeeds is seen by no other cell.
        false => scene.fresh(cell.place, (cell.entry.of)(&scene.kept(cell.place)).kind()).await,
    };
    let answer = cell.request(&scene, &on).send().await;
    let mut wrong = Vec::new();
    let (shown, expected) = (cell.shown(&on), cell.expected());
    if answer.status != expected {
        let said = String::from_utf8_lossy(&answer.body[..answer.body.len().min(200)]).into_owned();
        wrong.push(format!("{shown}: {} and not {expected}: {said}", answer.status));
    }
    if cell.place == Place::Hidden {
        let route = (cell.entry.of)(&on);
        wrong.extend(
            headers::wrong(&route, cell.method(), &answer).map(|it| format!("{shown}: {it}")),
        );
        if cell.caller.may_read() {
            return wrong;
        }
        match route.name() {
            Some(_) => wrong.extend(absent::wrong(&scene, &cell, &on, &answer).await),
            None => wrong.extend(absent::told(&answer).map(|it| format!("{shown}: {it}"))),
        }
    }
    wrong
}

/// Asks for all of them, some at once.
async fn ask_all(scene: &Arc<Scene>, cells: impl IntoIterator<Item = Cell>) -> Vec<String> {
    let (mut running, mut wrong) = (JoinSet::new(), Vec::new());
    for cell in cells {
        if running.len() == AT_ONCE {
            wrong.extend(running.join_next().await.expect("a cell").expect("an answer"));
        }
        running.spawn(ask(Arc::clone(scene), cell));
    }
    wrong.extend(running.join_all().await.into_iter().flatten());
    wrong.sort();
    wrong
}

#[track_caller]
fn assert_nothing(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} cells are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// What is in the table is so: of a hidden package, and nothing of it reaches the upstream, nor a cache in front.
#[tokio::test]
async fn of_a_hidden_package_everybody_gets_what_the_table_says() {
    let world = World::start().await;
    let scene = &world.scene;
    let (reads, writes): (Vec<Cell>, Vec<Cell>) =
        cells(Place::Hidden).into_iter().partition(Cell::reads);
    // Once with nothing in memory, and once with all that anybody may read.
    assert_nothing(&ask_all(scene, reads.clone()).await);
    assert_nothing(&ask_all(scene, reads).await);
    assert_nothing(&ask_all(scene, writes).await);
    assert_nothing(&world.heard());
}

/// The same of packages that everybody may read: one that is hosted here, and one of the upstream.
#[tokio::test]
async fn of_a_public_package_everybody_gets_what_the_table_says() {
    let world = World::start().await;
    let scene = &world.scene;
    for place in [Place::Hosted, Place::Proxied] {
        let (reads, writes): (Vec<Cell>, Vec<Cell>) =
            cells(place).into_iter().partition(Cell::reads);
        assert_nothing(&ask_all(scene, reads.clone()).await);
        assert_nothing(&ask_all(scene, reads).await);
        assert_nothing(&ask_all(scene, writes).await);
    }
}

/// The table is of all routes by all of their methods, and other methods are not allowed to anybody.
#[tokio::test]
async fn the_table_has_each_method_and_others_are_allowed_to_nobody() {
    let world = World::start().await;
    let scene = &world.scene;
    for entry in table::entries() {
        let on = scene.kept(Place::Hidden);
        let route = (entry.of)(&on);
        assert!(table::has(&route));
        for place in [Place::Hidden, Place::Hosted, Place::Proxied] {
            let rows = place.rows(&entry);
            let mut methods: Vec<&str> =
                rows.iter().flat_map(|row| &row.methods).map(String::as_str).collect();
            methods.sort_unstable();
            methods.dedup();
            let mut allowed: Vec<&str> = route.allow().split(", ").collect();
            allowed.sort_unstable();
            let is_there = place == Place::Hidden || route.name().is_some();
            assert_eq!(methods, if is_there { allowed } else { vec![] }, "{place:?} {route:?}");
        }
        for method in ["GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "PURGE"] {
            if route.allow().split(", ").any(|allowed| allowed == method) {
                continue;
            }
            for caller in [Caller::Anonymous, Caller::Unknown, Caller::Admin] {
                let request = Request::new(scene.addr(), method, &route.path());
                let answer: Response = scene.of(request, caller).send().await;
                assert_eq!(answer.status, 405, "{method} {} by {}", route.path(), caller.word());
            }
        }
    }
}
