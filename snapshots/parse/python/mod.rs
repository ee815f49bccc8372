//! Python source text: which functions a module defines, and what they are made of. Never run, only read.
//!
//! It reads what decides which texts a function makes: strings with their placeholders, lists, dictionaries, calls,
//! branches and loops. All else is there as a value of which nothing is known. Whatever the text, it neither fails nor
//! takes longer than its length allows.

mod grammar;
mod outline;
mod scan;
mod text;
mod token;
mod tree;

pub use grammar::statements;
pub use outline::{Binding, Item, Kind, Source};
pub use tree::{
    Call, Each, Element, Expression, Function, Imported, Loop, Operator, Parameter, Part,
    Statement, Takes,
};

#[cfg(test)]
mod tests;
