//! The variables that get another value after they are declared.

use std::collections::BTreeSet;

use text_template::Template;
use text_template::view::{Node, Pipe};

/// Those of a template and of all that it defines.
pub(super) fn in_all(template: &Template) -> BTreeSet<&str> {
    let mut names = BTreeSet::new();
    in_nodes(template.root(), &mut names);
    template
        .definitions()
        .for_each(|nodes| in_nodes(nodes, &mut names));
    names
}

fn in_nodes<'t>(nodes: impl Iterator<Item = Node<'t>>, names: &mut BTreeSet<&'t str>) {
    for node in nodes {
        match node {
            Node::Action(pipe) => in_pipe(pipe, names),
            Node::If(branch) | Node::With(branch) | Node::Range(branch) => {
                for (pipe, list) in branch.arms() {
                    in_pipe(pipe, names);
                    in_nodes(list, names);
                }
                in_nodes(branch.otherwise(), names);
            }
            Node::Template(_) | Node::Text(_) | Node::Other => {}
        }
    }
}

fn in_pipe<'t>(pipe: Pipe<'t>, names: &mut BTreeSet<&'t str>) {
    if pipe.is_assignment() {
        names.extend(pipe.variables());
    }
}
