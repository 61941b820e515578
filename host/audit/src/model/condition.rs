//! Guards as conditions: what a guard is made of, once it is split at its logical operators into atoms.

/// True, false, or not known.
pub(crate) type Truth = Option<bool>;

/// A guard over atoms, by their indexes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Condition {
    Known(bool),
    Atom(usize),
    Not(Box<Self>),
    And(Box<Self>, Box<Self>),
    Or(Box<Self>, Box<Self>),
    If(Box<Self>, Box<Self>, Box<Self>),
}

impl Condition {
    /// Its truth, given those of its atoms.
    pub(crate) fn truth(&self, atom: &impl Fn(usize) -> Truth) -> Truth {
        match self {
            Self::Known(truth) => Some(*truth),
            Self::Atom(index) => atom(*index),
            Self::Not(inner) => inner.truth(atom).map(|truth| !truth),
            Self::And(left, right) => both(left.truth(atom), right.truth(atom)),
            Self::Or(left, right) => {
                let neither = both(opposite(left.truth(atom)), opposite(right.truth(atom)));
                opposite(neither)
            }
            Self::If(condition, yes, no) => match (condition.truth(atom), yes.truth(atom), no.truth(atom)) {
                (Some(true), yes, _) => yes,
                (Some(false), _, no) => no,
                (None, yes, no) => {
                    if yes == no {
                        yes
                    } else {
                        None
                    }
                }
            },
        }
    }

    /// Adds the indexes of its atoms to `found`, in order of first mention.
    pub(crate) fn atoms(&self, found: &mut Vec<usize>) {
        match self {
            Self::Known(_) => {}
            Self::Atom(index) => {
                if !found.contains(index) {
                    found.push(*index);
                }
            }
            Self::Not(inner) => inner.atoms(found),
            Self::And(left, right) | Self::Or(left, right) => {
                left.atoms(found);
                right.atoms(found);
            }
            Self::If(condition, yes, no) => {
                condition.atoms(found);
                yes.atoms(found);
                no.atoms(found);
            }
        }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Known(true), other) => other,
            (found, Self::Known(true)) => found,
            (found, other) => Self::And(Box::new(found), Box::new(other)),
        }
    }
}

fn both(left: Truth, right: Truth) -> Truth {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn opposite(truth: Truth) -> Truth {
    truth.map(|truth| !truth)
}
