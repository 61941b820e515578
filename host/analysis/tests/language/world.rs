//! The contract and the environment that the tests are about.

use std::fs;
use std::path::{Path, PathBuf};

use chainstack_analysis::{Assumptions, Interval, Value, evaluate};
use chainstack_client::manifest::{Names, expression, from_toml};
use chainstack_primitives::manifest::{Cell, Expression, Field, Manifest, Node};

use crate::table::Table;

/// A file of this crate.
pub(crate) fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

pub(crate) fn read(name: &str) -> String {
    fs::read_to_string(file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

pub(crate) struct World {
    pub(crate) manifest: Manifest,
    pub(crate) table: Table,
}

impl World {
    pub(crate) fn load() -> Self {
        let manifest = from_toml(&read("golden/world.toml")).expect("a manifest");
        let mut world = Self { manifest, table: Table::default() };
        let rows = read("golden/environment.txt");
        let rows = rows.lines().filter(|line| !line.starts_with('#'));
        let rows = rows.map(|line| {
            let (leaf, value) = line.split_once(" = ").unwrap_or_else(|| panic!("leaf = constant: {line}"));
            let [leaf] = &*world.parse(leaf) else { panic!("one leaf: {line}") };
            let value = evaluate(&world.parse(value), &mut Table::default()).expect("a constant");
            (leaf.clone(), value)
        });
        world.table.rows = rows.collect::<Vec<(Node, Value)>>();
        world
    }

    pub(crate) fn args(&self) -> &[Field] {
        &self.manifest.transition("buy").expect("declared").args
    }

    pub(crate) fn item(&self) -> &Cell {
        self.manifest.cell_named("lots").expect("declared")
    }

    fn names(&self) -> Names<'_> {
        Names { manifest: &self.manifest, args: self.args(), item: Some(self.item()) }
    }

    pub(crate) fn parse(&self, text: &str) -> Expression {
        expression::from_text(self.names(), text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    pub(crate) fn print(&self, expression: &Expression) -> Option<String> {
        expression::to_text(self.names(), expression)
    }

    pub(crate) fn assumptions(&self) -> Assumptions<'_> {
        Assumptions::new(&self.manifest, self.args(), Some(self.item()))
    }

    /// What the manifest declares of a leaf.
    pub(crate) fn declared(&self, leaf: &Node) -> Interval {
        self.assumptions().leaf(leaf).unwrap_or_else(|| panic!("{leaf:?} is not declared"))
    }
}

#[test]
fn every_leaf_of_the_environment_is_what_the_manifest_declares() {
    let world = World::load();
    for (leaf, value) in &world.table.rows {
        assert!(world.declared(leaf).contains(*value), "{leaf:?} is {value}");
    }
}
