//! The parts of a Python text that decide which texts a function makes. All else is [`Expression::Other`].

/// A value as it is written.
#[derive(Debug, Clone, PartialEq)]
pub enum Expression {
    /// A string, with its placeholders if it is formatted. Strings that stand side by side are one.
    Text(Vec<Part>),
    /// A number, as it is written.
    Number(String),
    /// `True` or `False`.
    Truth(bool),
    /// `None`.
    Nothing,
    /// A name.
    Name(String),
    /// `value.name`.
    Attribute(Box<Expression>, String),
    /// A call.
    Call(Box<Call>),
    /// `value[key]`. Slices are `Other`.
    Index(Box<(Expression, Expression)>),
    /// A list, a tuple or a set.
    List(Vec<Element>),
    /// A dictionary. Without a key: `**value`.
    Dictionary(Vec<(Option<Expression>, Expression)>),
    /// A comprehension or a generator expression.
    Each(Box<Each>),
    /// `one if condition else other`, as condition, one and other.
    Choice(Box<(Expression, Expression, Expression)>),
    /// An operator between two values.
    Binary(Operator, Box<(Expression, Expression)>),
    /// `not value`.
    Not(Box<Expression>),
    /// `name := value`.
    Bind(String, Box<Expression>),
    /// `yield value`; of several, `yield from value`.
    Yield {
        /// The value.
        value: Box<Expression>,
        /// True if it yields each element of the value.
        each: bool,
    },
    /// Anything else, with the values in it that may be called or changed.
    Other(Vec<Expression>),
}

impl Expression {
    /// Returns the names that `:=` binds in it.
    pub fn binds(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.collect(&mut names);
        names
    }

    fn collect<'e>(&'e self, names: &mut Vec<&'e str>) {
        let mut all = |parts: &mut dyn Iterator<Item = &'e Self>| {
            parts.for_each(|part| part.collect(names));
        };
        match self {
            Self::Bind(name, value) => {
                value.collect(names);
                names.push(name);
            }
            Self::Text(parts) => all(&mut parts.iter().filter_map(|part| match part {
                Part::Hole(value) => value.as_ref(),
                Part::Literal(_) => None,
            })),
            Self::Attribute(of, _) | Self::Not(of) | Self::Yield { value: of, .. } => {
                of.collect(names);
            }
            Self::Call(call) => {
                let plain = call.arguments.iter().map(|argument| &argument.value);
                let named = call.named.iter().map(|(_, value)| value);
                all(&mut [&call.callee].into_iter().chain(plain).chain(named));
            }
            Self::Index(parts) | Self::Binary(_, parts) => {
                all(&mut [&parts.0, &parts.1].into_iter());
            }
            Self::List(elements) => all(&mut elements.iter().map(|element| &element.value)),
            Self::Dictionary(pairs) => {
                all(&mut pairs.iter().flat_map(|(key, value)| key.iter().chain([value])));
            }
            Self::Each(each) => {
                let loops = each.loops.iter();
                let loops = loops.flat_map(|one| [&one.source].into_iter().chain(&one.conditions));
                all(&mut each.key.iter().chain([&each.value]).chain(loops));
            }
            Self::Choice(parts) => all(&mut [&parts.0, &parts.1, &parts.2].into_iter()),
            Self::Other(parts) => all(&mut parts.iter()),
            Self::Number(_) | Self::Truth(_) | Self::Nothing | Self::Name(_) => {}
        }
    }
}

/// A part of a string.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Text as it stands, escapes resolved.
    Literal(String),
    /// A placeholder, with its value where it has no format of its own.
    Hole(Option<Expression>),
}

/// An element of a list, or an argument without a name.
#[derive(Debug, Clone, PartialEq)]
pub struct Element {
    /// The value.
    pub value: Expression,
    /// True if it stands for each of its elements: `*value`.
    pub each: bool,
}

/// A call.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// What is called.
    pub callee: Expression,
    /// The arguments without a name.
    pub arguments: Vec<Element>,
    /// The arguments with a name. Without one: `**value`.
    pub named: Vec<(Option<String>, Expression)>,
}

/// `value for target in source if condition …`.
#[derive(Debug, Clone, PartialEq)]
pub struct Each {
    /// The key, of a dictionary.
    pub key: Option<Expression>,
    /// The value.
    pub value: Expression,
    /// The loops, the outermost first.
    pub loops: Vec<Loop>,
}

/// One loop of a comprehension.
#[derive(Debug, Clone, PartialEq)]
pub struct Loop {
    /// What takes each element.
    pub target: Expression,
    /// Where the elements come from.
    pub source: Expression,
    /// What an element must fulfil.
    pub conditions: Vec<Expression>,
}

/// An operator between two values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `+`
    Add,
    /// `%`
    Percent,
    /// `*`
    Times,
    /// `|`
    Pipe,
    /// `and`
    And,
    /// `or`
    Or,
    /// `==`, or `is`.
    Same,
    /// `!=`, or `is not`.
    Different,
    /// `in`
    In,
    /// `not in`
    NotIn,
    /// Any other.
    Other,
}

/// A statement.
#[derive(Debug, Clone, PartialEq)]
pub enum Statement {
    /// `target = value`, for each target.
    Assign(Vec<Expression>, Expression),
    /// `target += value`. Without an operator that is known here the target has any value after it.
    Change(Expression, Operator, Expression),
    /// A value that is calculated for what the calculation does.
    Value(Expression),
    /// `del target`.
    Delete(Expression),
    /// `return value`.
    Return(Option<Expression>),
    /// `raise`: nothing after it happens.
    Raise,
    /// `break` or `continue`.
    Leave,
    /// `if` and `elif`, and what happens else.
    If(Vec<(Expression, Vec<Statement>)>, Vec<Statement>),
    /// `for target in source`, and what happens after it.
    For {
        /// What takes each element.
        target: Expression,
        /// Where the elements come from.
        source: Expression,
        /// What happens with each.
        body: Vec<Statement>,
        /// What happens after the last.
        after: Vec<Statement>,
    },
    /// `while condition`, and what happens after it.
    While(Expression, Vec<Statement>, Vec<Statement>),
    /// `try`, with its handlers.
    Try {
        /// What is tried.
        body: Vec<Statement>,
        /// What happens instead, by each handler.
        handlers: Vec<Vec<Statement>>,
        /// What happens after all of the body.
        after: Vec<Statement>,
        /// What happens in any case.
        last: Vec<Statement>,
    },
    /// `with value as target`.
    With(Vec<(Expression, Option<Expression>)>, Vec<Statement>),
    /// `match value`, with what happens by each case.
    Match(Expression, Vec<Vec<Statement>>),
    /// A function within another.
    Define(Function),
    /// `import` or `from … import …`.
    Import(Vec<Imported>),
    /// `global` or `nonlocal`: these names are of what is around the function.
    Outer(Vec<String>),
    /// A statement that changes nothing.
    Pass,
    /// Something that could not be read: what it does is not known.
    Unread,
}

impl Statement {
    /// Returns the statements within it, block by block.
    pub fn blocks(&self) -> impl Iterator<Item = &[Self]> {
        let blocks: Vec<&Vec<Self>> = match self {
            Self::If(branches, last) => {
                branches.iter().map(|(_, body)| body).chain([last]).collect()
            }
            Self::For { body, after, .. } | Self::While(_, body, after) => vec![body, after],
            Self::Try { body, handlers, after, last } => {
                [body].into_iter().chain(handlers).chain([after, last]).collect()
            }
            Self::With(_, body) => vec![body],
            Self::Match(_, cases) => cases.iter().collect(),
            Self::Define(function) => vec![&function.body],
            _ => Vec::new(),
        };
        blocks.into_iter().map(Vec::as_slice)
    }
}

/// A function.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// What it does.
    pub body: Vec<Statement>,
    /// True if it yields values.
    pub yields: bool,
    /// What it says that it returns.
    pub returns: Option<Expression>,
}

/// A parameter.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Its default.
    pub default: Option<Expression>,
    /// How it takes arguments.
    pub takes: Takes,
}

/// How a parameter takes arguments.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    /// One, by its place or its name.
    One,
    /// One, by its name.
    Named,
    /// All further ones without a name: `*args`.
    Rest,
    /// All further ones with a name: `**kwargs`.
    RestNamed,
}

/// A name that an import binds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The name in this module. `*` for all of the other's.
    pub name: String,
    /// The module, with its leading dots.
    pub module: String,
    /// The name in that module. None: the module itself, or its first part.
    pub of: Option<String>,
}
