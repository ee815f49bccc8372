//! Statements and values from words. Bounded in depth and size; a statement that makes no sense here is
//! [`Statement::Unread`], and what follows it is read on.

use super::scan::Prefix;
use super::text;
use super::token::{Token, tokens};
use super::tree::{
    Call, Each, Element, Expression, Function, Imported, Loop, Operator, Parameter, Part,
    Statement, Takes,
};

/// Reads the statements of a text. Functions that it defines are [`Statement::Define`].
pub fn statements(text: &str) -> Vec<Statement> {
    let mut reader = Reader { tokens: tokens(text, MOST_TOKENS), at: 0, levels: DEEPEST };
    let mut all = Vec::new();
    while reader.peek().is_some() {
        if !reader.statement(&mut all) {
            all.push(Statement::Unread);
            reader.skip();
        }
    }
    all
}

/// Reads one value, as it stands in a placeholder.
pub(super) fn value(text: &str, levels: usize) -> Option<Expression> {
    let mut reader = Reader { tokens: tokens(text, MOST_TOKENS), at: 0, levels };
    let value = reader.list()?;
    reader.take_line();
    reader.peek().is_none().then_some(value)
}

struct Reader<'a> {
    tokens: Vec<Token<'a>>,
    at: usize,
    /// How much deeper values and blocks may be nested.
    levels: usize,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<Token<'a>> {
        self.tokens.get(self.at).copied()
    }

    fn ahead(&self, further: usize) -> Option<Token<'a>> {
        self.tokens.get(self.at.saturating_add(further)).copied()
    }

    fn next(&mut self) -> Option<Token<'a>> {
        let token = self.peek();
        self.at = self.at.saturating_add(1);
        token
    }

    fn is_sign(&self, sign: &str) -> bool {
        self.peek() == Some(Token::Sign(sign))
    }

    fn is_word(&self, word: &str) -> bool {
        self.peek() == Some(Token::Name(word))
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = self.is_sign(sign);
        self.at = self.at.saturating_add(usize::from(found));
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        self.at = self.at.saturating_add(usize::from(found));
        found
    }

    fn take_line(&mut self) -> bool {
        let found = self.peek() == Some(Token::Line);
        self.at = self.at.saturating_add(usize::from(found));
        found
    }

    fn sign(&mut self, sign: &str) -> Option<()> {
        self.take_sign(sign).then_some(())
    }

    fn name(&mut self) -> Option<&'a str> {
        match self.peek()? {
            Token::Name(name) if !is_keyword(name) => {
                self.at = self.at.saturating_add(1);
                Some(name)
            }
            _ => None,
        }
    }

    /// Passes over the rest of a line and the block below it.
    fn skip(&mut self) {
        while let Some(token) = self.next() {
            if token == Token::Line {
                break;
            }
        }
        let mut open: usize = 0;
        while let Some(token) = self.peek() {
            match token {
                Token::Indent => open = open.saturating_add(1),
                Token::Dedent => open = open.saturating_sub(1),
                _ if open == 0 => return,
                _ => {}
            }
            self.at = self.at.saturating_add(1);
            if token == Token::Dedent && open == 0 {
                return;
            }
        }
    }

    /// Goes one level deeper, if that is allowed.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        self.levels = self.levels.checked_sub(1)?;
        let value = read(self);
        self.levels = self.levels.saturating_add(1);
        value
    }

    /// Reads the statements of a line, with the block below it. False where it cannot be read.
    fn statement(&mut self, all: &mut Vec<Statement>) -> bool {
        let start = self.at;
        let Some(Token::Name(word)) = self.peek() else { return self.line(all) };
        let compound = match word {
            "if" => self.deeper(Self::choice),
            "for" => self.deeper(Self::each),
            "while" => self.deeper(Self::repeated),
            "try" => self.deeper(Self::tried),
            "with" => self.deeper(Self::within),
            "def" => self.deeper(Self::define),
            "class" => self.deeper(Self::class),
            "async" => {
                self.at = self.at.saturating_add(1);
                let found = self.statement(all);
                if !found {
                    self.at = start;
                }
                return found;
            }
            _ => {
                if self.line(all) {
                    return true;
                }
                self.at = start;
                if word != "match" {
                    return false;
                }
                self.deeper(Self::matched)
            }
        };
        let found = compound.is_some();
        if !found {
            self.at = start;
        }
        all.extend(compound);
        found
    }

    /// Reads the statements of a line, with `;` between them.
    fn line(&mut self, all: &mut Vec<Statement>) -> bool {
        let known = all.len();
        while let Some(statement) = self.simple() {
            all.push(statement);
            let more = self.take_sign(";");
            if self.take_line() || self.peek().is_none() {
                return true;
            }
            if !more {
                break;
            }
        }
        all.truncate(known);
        false
    }

    fn simple(&mut self) -> Option<Statement> {
        match self.peek()? {
            Token::Name("return") => {
                self.next();
                let is_bare = matches!(self.peek(), None | Some(Token::Line | Token::Sign(";")));
                Some(Statement::Return(if is_bare { None } else { Some(self.list()?) }))
            }
            Token::Name("pass" | "global" | "nonlocal" | "import" | "from" | "del" | "assert") => {
                self.plain()
            }
            Token::Name("break" | "continue") => {
                self.next();
                Some(Statement::Leave)
            }
            Token::Name("raise") => {
                self.skip_to_end();
                Some(Statement::Raise)
            }
            _ => self.assignment(),
        }
    }

    fn plain(&mut self) -> Option<Statement> {
        match self.next()? {
            Token::Name("import") => {
                let mut names = Vec::new();
                loop {
                    let module = self.dotted()?;
                    let first = module.split('.').next().unwrap_or_default().to_string();
                    names.push(if self.take_word("as") {
                        Imported { name: self.name()?.into(), module, of: None }
                    } else {
                        Imported { name: first.clone(), module: first, of: None }
                    });
                    if !self.take_sign(",") {
                        return Some(Statement::Import(names));
                    }
                }
            }
            Token::Name("from") => self.imported().map(Statement::Import),
            Token::Name("del") => Some(Statement::Delete(self.list()?)),
            Token::Name("global" | "nonlocal") => {
                let mut names = vec![self.name()?.to_string()];
                while self.take_sign(",") {
                    names.push(self.name()?.into());
                }
                Some(Statement::Outer(names))
            }
            _ => {
                self.skip_to_end();
                Some(Statement::Pass)
            }
        }
    }

    fn skip_to_end(&mut self) {
        while !matches!(self.peek(), None | Some(Token::Line | Token::Sign(";"))) {
            self.at = self.at.saturating_add(1);
        }
    }

    fn dotted(&mut self) -> Option<String> {
        let mut module = self.name()?.to_string();
        while self.take_sign(".") {
            module = format!("{module}.{}", self.name()?);
        }
        Some(module)
    }

    fn imported(&mut self) -> Option<Vec<Imported>> {
        let mut module = String::new();
        loop {
            if self.take_sign(".") {
                module.push('.');
            } else if self.take_sign("...") {
                module.push_str("...");
            } else {
                break;
            }
        }
        if !self.is_word("import") {
            module.push_str(&self.dotted()?);
        }
        if !self.take_word("import") {
            return None;
        }
        if self.take_sign("*") {
            return Some(vec![Imported { name: "*".into(), module, of: None }]);
        }
        let in_brackets = self.take_sign("(");
        let mut names = Vec::new();
        while let Some(of) = self.name() {
            let name = if self.take_word("as") { self.name()? } else { of };
            names.push(Imported { name: name.into(), module: module.clone(), of: Some(of.into()) });
            if !self.take_sign(",") {
                break;
            }
        }
        if in_brackets {
            self.sign(")")?;
        }
        Some(names)
    }

    fn assignment(&mut self) -> Option<Statement> {
        let first = self.list()?;
        if self.take_sign(":") {
            self.value()?;
            return Some(if self.take_sign("=") {
                Statement::Assign(vec![first], self.list()?)
            } else {
                Statement::Pass
            });
        }
        if let Some(Token::Sign(sign)) = self.peek() {
            let operator = match sign {
                "+=" => Some(Operator::Add),
                "|=" => Some(Operator::Pipe),
                "-=" | "*=" | "/=" | "//=" | "%=" | "&=" | "**=" | ">>=" | "<<=" | "@=" => {
                    Some(Operator::Other)
                }
                _ => None,
            };
            if let Some(operator) = operator {
                self.next();
                return Some(Statement::Change(first, operator, self.list()?));
            }
        }
        let mut targets = vec![first];
        while self.take_sign("=") {
            targets.push(self.list()?);
        }
        let value = targets.pop()?;
        if targets.is_empty() {
            return Some(Statement::Value(value));
        }
        Some(Statement::Assign(targets, value))
    }

    /// Reads the block after a colon, or the statements on its line.
    fn block(&mut self) -> Option<Vec<Statement>> {
        self.sign(":")?;
        let mut all = Vec::new();
        if !self.take_line() {
            return self.line(&mut all).then_some(all);
        }
        if self.peek() != Some(Token::Indent) {
            return None;
        }
        self.next();
        while !matches!(self.peek(), None | Some(Token::Dedent)) {
            if !self.statement(&mut all) {
                all.push(Statement::Unread);
                self.skip();
            }
        }
        self.next();
        Some(all)
    }

    fn choice(&mut self) -> Option<Statement> {
        let mut branches = Vec::new();
        let mut last = Vec::new();
        while self.take_word("if") || self.take_word("elif") {
            let condition = self.named()?;
            branches.push((condition, self.block()?));
            if self.take_word("else") {
                last = self.block()?;
                break;
            }
            if !self.is_word("elif") {
                break;
            }
        }
        Some(Statement::If(branches, last))
    }

    fn each(&mut self) -> Option<Statement> {
        self.next();
        let target = self.targets()?;
        if !self.take_word("in") {
            return None;
        }
        let source = self.list()?;
        let body = self.block()?;
        let after = if self.take_word("else") { self.block()? } else { Vec::new() };
        Some(Statement::For { target, source, body, after })
    }

    /// Reads what takes the elements of a loop.
    fn targets(&mut self) -> Option<Expression> {
        let mut targets = Vec::new();
        loop {
            let each = self.take_sign("*");
            targets.push(Element { value: self.operand()?, each });
            if !self.take_sign(",") || self.is_word("in") {
                break;
            }
        }
        match targets.as_slice() {
            [one] if !one.each => Some(one.value.clone()),
            _ => Some(Expression::List(targets)),
        }
    }

    fn repeated(&mut self) -> Option<Statement> {
        self.next();
        let condition = self.named()?;
        let body = self.block()?;
        let after = if self.take_word("else") { self.block()? } else { Vec::new() };
        Some(Statement::While(condition, body, after))
    }

    fn tried(&mut self) -> Option<Statement> {
        self.next();
        let body = self.block()?;
        let mut handlers = Vec::new();
        while self.take_word("except") {
            self.take_sign("*");
            let mut handler = Vec::new();
            if !self.is_sign(":") {
                self.list()?;
                if self.take_word("as") {
                    handler.push(Statement::Delete(Expression::Name(self.name()?.into())));
                }
            }
            handler.extend(self.block()?);
            handlers.push(handler);
        }
        let after = if self.take_word("else") { self.block()? } else { Vec::new() };
        let last = if self.take_word("finally") { self.block()? } else { Vec::new() };
        Some(Statement::Try { body, handlers, after, last })
    }

    fn within(&mut self) -> Option<Statement> {
        self.next();
        let start = self.at;
        let in_brackets = self.take_sign("(");
        let items = match self.managers(in_brackets) {
            // A bracket may also belong to the first value.
            None if in_brackets => {
                self.at = start;
                self.managers(false)?
            }
            items => items?,
        };
        Some(Statement::With(items, self.block()?))
    }

    fn managers(&mut self, in_brackets: bool) -> Option<Vec<(Expression, Option<Expression>)>> {
        let mut items = Vec::new();
        loop {
            let value = self.value()?;
            let target = if self.take_word("as") { Some(self.operand()?) } else { None };
            items.push((value, target));
            if !self.take_sign(",") || self.is_sign(")") {
                break;
            }
        }
        if in_brackets {
            self.sign(")")?;
        }
        self.is_sign(":").then_some(items)
    }

    fn matched(&mut self) -> Option<Statement> {
        self.next();
        let subject = self.list()?;
        self.sign(":")?;
        if !self.take_line() || self.next() != Some(Token::Indent) {
            return None;
        }
        let mut cases = Vec::new();
        while self.take_word("case") {
            // A colon within brackets belongs to a pattern, and every name before the condition may get a value by it.
            let mut open: usize = 0;
            let mut bound = Vec::new();
            let mut is_pattern = true;
            loop {
                match self.peek()? {
                    Token::Name("if") => is_pattern = false,
                    Token::Name(name) if is_pattern && name != "_" && !is_keyword(name) => {
                        bound.push(Statement::Delete(Expression::Name(name.into())));
                    }
                    Token::Sign("(" | "[" | "{") => open = open.saturating_add(1),
                    Token::Sign(")" | "]" | "}") => open = open.saturating_sub(1),
                    Token::Sign(":") if open == 0 => break,
                    Token::Line => return None,
                    _ => {}
                }
                self.next();
            }
            bound.extend(self.block()?);
            cases.push(bound);
        }
        (self.next() == Some(Token::Dedent)).then_some(Statement::Match(subject, cases))
    }

    fn define(&mut self) -> Option<Statement> {
        self.next();
        let name = self.name()?.to_string();
        self.sign("(")?;
        let parameters = self.parameters(")")?;
        self.sign(")")?;
        let returns = if self.take_sign("->") { Some(self.value()?) } else { None };
        let from = self.at;
        let body = self.block()?;
        let own = self.tokens.get(from..self.at).unwrap_or_default();
        let yields = own.contains(&Token::Name("yield"));
        Some(Statement::Define(Function { name, parameters, body, yields, returns }))
    }

    fn parameters(&mut self, end: &str) -> Option<Vec<Parameter>> {
        let mut parameters = Vec::new();
        let mut takes = Takes::One;
        while !self.is_sign(end) {
            if self.take_sign("/") {
                self.take_sign(",");
                continue;
            }
            let mut of_this = takes;
            if self.take_sign("**") {
                of_this = Takes::RestNamed;
            } else if self.take_sign("*") {
                takes = Takes::Named;
                if self.take_sign(",") {
                    continue;
                }
                of_this = Takes::Rest;
            }
            let name = self.name()?.to_string();
            if end == ")" && self.take_sign(":") {
                self.value()?;
            }
            let default = if self.take_sign("=") { Some(self.value()?) } else { None };
            parameters.push(Parameter { name, default, takes: of_this });
            if !self.take_sign(",") {
                break;
            }
        }
        Some(parameters)
    }

    /// Reads a class, of which only the name matters: what its methods do is not known here.
    fn class(&mut self) -> Option<Statement> {
        self.next();
        let name = self.name()?.to_string();
        let from = self.at;
        self.skip();
        // Its methods may give names of the function around it another value.
        let inner = self.tokens.get(from..self.at).unwrap_or_default();
        if inner.contains(&Token::Name("nonlocal")) {
            return Some(Statement::Unread);
        }
        Some(Statement::Assign(vec![Expression::Name(name)], Expression::Other(Vec::new())))
    }

    /// Reads a value, or several with commas between them, which are a tuple.
    fn list(&mut self) -> Option<Expression> {
        let each = self.take_sign("*");
        let first = Element { value: self.named()?, each };
        if !self.is_sign(",") && !each {
            return Some(first.value);
        }
        let mut all = vec![first];
        while self.take_sign(",") {
            let is_end = match self.peek() {
                None | Some(Token::Line) => true,
                Some(Token::Sign(sign)) => matches!(sign, "=" | ")" | "]" | "}" | ":" | ";"),
                _ => false,
            };
            if is_end {
                break;
            }
            let each = self.take_sign("*");
            all.push(Element { value: self.named()?, each });
        }
        Some(Expression::List(all))
    }

    /// Reads a value that may be bound to a name on the way, or yielded.
    fn named(&mut self) -> Option<Expression> {
        if self.take_word("yield") {
            let each = self.take_word("from");
            let is_bare = matches!(
                self.peek(),
                None | Some(Token::Line | Token::Sign(")" | ";" | "]" | "}"))
            );
            let value = if is_bare { Expression::Nothing } else { self.list()? };
            return Some(Expression::Yield { value: Box::new(value), each });
        }
        if let (Some(Token::Name(name)), Some(Token::Sign(":="))) = (self.peek(), self.ahead(1)) {
            self.next();
            self.next();
            return Some(Expression::Bind(name.into(), Box::new(self.value()?)));
        }
        self.value()
    }

    fn value(&mut self) -> Option<Expression> {
        self.deeper(|reader| {
            if reader.take_word("lambda") {
                reader.parameters(":")?;
                reader.sign(":")?;
                return Some(Expression::Other(vec![reader.value()?]));
            }
            let one = reader.either()?;
            if !reader.take_word("if") {
                return Some(one);
            }
            let condition = reader.either()?;
            if !reader.take_word("else") {
                return None;
            }
            Some(Expression::Choice(Box::new((condition, one, reader.value()?))))
        })
    }

    fn either(&mut self) -> Option<Expression> {
        let mut value = self.both()?;
        while self.take_word("or") {
            value = binary(Operator::Or, value, self.both()?);
        }
        Some(value)
    }

    fn both(&mut self) -> Option<Expression> {
        let mut value = self.negated()?;
        while self.take_word("and") {
            value = binary(Operator::And, value, self.negated()?);
        }
        Some(value)
    }

    fn negated(&mut self) -> Option<Expression> {
        if self.take_word("not") {
            return self.deeper(|reader| Some(Expression::Not(Box::new(reader.negated()?))));
        }
        let mut value = self.operand()?;
        while let Some(operator) = self.comparison() {
            let other = self.operand()?;
            value = binary(operator, value, other);
        }
        Some(value)
    }

    fn comparison(&mut self) -> Option<Operator> {
        let (operator, width) = match (self.peek()?, self.ahead(1)) {
            (Token::Sign("!="), _) => (Operator::Different, 1),
            (Token::Sign("<" | ">" | "<=" | ">="), _) => (Operator::Other, 1),
            (Token::Name("is"), Some(Token::Name("not"))) => (Operator::Different, 2),
            (Token::Sign("==") | Token::Name("is"), _) => (Operator::Same, 1),
            (Token::Name("not"), Some(Token::Name("in"))) => (Operator::NotIn, 2),
            (Token::Name("in"), _) => (Operator::In, 1),
            _ => return None,
        };
        self.at = self.at.saturating_add(width);
        Some(operator)
    }

    /// Reads a value with arithmetic in it: `|`, `^`, `&`, shifts, `+`, `-`, `*`, `/`, `//`, `%`, `@` and `**`.
    fn operand(&mut self) -> Option<Expression> {
        self.arithmetic(0)
    }

    fn arithmetic(&mut self, rank: usize) -> Option<Expression> {
        let Some(signs) = RANKS.get(rank) else { return self.factor() };
        let mut value = self.arithmetic(rank.saturating_add(1))?;
        loop {
            let Some(Token::Sign(sign)) = self.peek() else { return Some(value) };
            // Shifts are two signs.
            let is_shift = matches!(sign, "<" | ">") && self.ahead(1) == Some(Token::Sign(sign));
            let width = if is_shift { 2 } else { 1 };
            let operator = match sign {
                "<" | ">" if is_shift && signs.contains(&sign) => Operator::Other,
                "<" | ">" => return Some(value),
                _ if !signs.contains(&sign) => return Some(value),
                "+" => Operator::Add,
                "%" => Operator::Percent,
                "*" => Operator::Times,
                "|" => Operator::Pipe,
                _ => Operator::Other,
            };
            self.at = self.at.saturating_add(width);
            let other = self.arithmetic(rank.saturating_add(1))?;
            value = binary(operator, value, other);
        }
    }

    fn factor(&mut self) -> Option<Expression> {
        if let Some(Token::Sign("-" | "+" | "~")) = self.peek() {
            let is_negative = self.is_sign("-");
            self.next();
            return self.deeper(|reader| {
                Some(match reader.factor()? {
                    Expression::Number(number) if is_negative => {
                        Expression::Number(format!("-{number}"))
                    }
                    other => Expression::Other(vec![other]),
                })
            });
        }
        let mut value = self.primary()?;
        if self.take_sign("**") {
            let other = self.deeper(Self::factor)?;
            value = binary(Operator::Other, value, other);
        }
        Some(value)
    }

    fn primary(&mut self) -> Option<Expression> {
        self.take_word("await");
        let mut value = self.deeper(Self::atom)?;
        let mut links: usize = 0;
        loop {
            links = links.saturating_add(1);
            if links > LONGEST_CHAIN {
                return None;
            }
            if self.take_sign(".") {
                value = Expression::Attribute(Box::new(value), self.name()?.into());
            } else if self.take_sign("(") {
                value = self.deeper(|reader| reader.call(value))?;
            } else if self.take_sign("[") {
                value = self.deeper(|reader| reader.index(value))?;
            } else {
                return Some(value);
            }
        }
    }

    fn index(&mut self, of: Expression) -> Option<Expression> {
        let mut is_slice = false;
        let mut parts = Vec::new();
        while !self.is_sign("]") {
            if self.take_sign(":") || self.take_sign(",") {
                is_slice = true;
                continue;
            }
            parts.push(self.named()?);
        }
        self.sign("]")?;
        match parts.pop() {
            Some(key) if !is_slice => Some(Expression::Index(Box::new((of, key)))),
            last => Some(Expression::Other([of].into_iter().chain(parts).chain(last).collect())),
        }
    }

    fn call(&mut self, callee: Expression) -> Option<Expression> {
        let mut call = Call { callee, arguments: Vec::new(), named: Vec::new() };
        while !self.is_sign(")") {
            if self.take_sign("**") {
                call.named.push((None, self.value()?));
            } else if self.take_sign("*") {
                call.arguments.push(Element { value: self.value()?, each: true });
            } else if let (Some(Token::Name(name)), Some(Token::Sign("="))) =
                (self.peek(), self.ahead(1))
            {
                self.next();
                self.next();
                call.named.push((Some(name.into()), self.value()?));
            } else {
                let value = self.named()?;
                let value = self.comprehension(None, value)?;
                call.arguments.push(Element { value, each: false });
            }
            if !self.take_sign(",") {
                break;
            }
        }
        self.sign(")")?;
        Some(Expression::Call(Box::new(call)))
    }

    /// Reads the loops after the value of a comprehension. Without a loop it is the value.
    fn comprehension(&mut self, key: Option<Expression>, value: Expression) -> Option<Expression> {
        let mut loops = Vec::new();
        loop {
            let at = self.at;
            self.take_word("async");
            if !self.take_word("for") {
                self.at = at;
                break;
            }
            let target = self.targets()?;
            if !self.take_word("in") {
                return None;
            }
            let source = self.either()?;
            let mut conditions = Vec::new();
            while self.take_word("if") {
                conditions.push(self.either()?);
            }
            loops.push(Loop { target, source, conditions });
        }
        if loops.is_empty() {
            return Some(value);
        }
        Some(Expression::Each(Box::new(Each { key, value, loops })))
    }

    fn atom(&mut self) -> Option<Expression> {
        match self.next()? {
            Token::Name("True") => Some(Expression::Truth(true)),
            Token::Name("False") => Some(Expression::Truth(false)),
            Token::Name("None") | Token::Sign("...") => Some(Expression::Nothing),
            Token::Name(name) if !is_keyword(name) => Some(Expression::Name(name.into())),
            Token::Number(number) => Some(Expression::Number(number.into())),
            Token::Text(prefix, inner) => Some(self.text(prefix, inner)),
            Token::Sign("(") => {
                let value = if self.is_sign(")") {
                    Expression::List(Vec::new())
                } else {
                    let value = self.list()?;
                    self.comprehension(None, value)?
                };
                self.sign(")")?;
                Some(value)
            }
            Token::Sign("[") => {
                let list = self.elements("]")?;
                self.sign("]")?;
                Some(list)
            }
            Token::Sign("{") => self.braces(),
            _ => None,
        }
    }

    fn elements(&mut self, end: &str) -> Option<Expression> {
        let mut all = Vec::new();
        while !self.is_sign(end) {
            let each = self.take_sign("*");
            let value = self.named()?;
            if all.is_empty() && !each && (self.is_word("for") || self.is_word("async")) {
                return self.comprehension(None, value);
            }
            all.push(Element { value, each });
            if !self.take_sign(",") {
                break;
            }
        }
        Some(Expression::List(all))
    }

    fn braces(&mut self) -> Option<Expression> {
        let mut pairs = Vec::new();
        while !self.is_sign("}") {
            if self.take_sign("**") {
                pairs.push((None, self.operand()?));
            } else {
                let each = self.take_sign("*");
                let key = self.named()?;
                if !self.take_sign(":") {
                    return self.set(Element { value: key, each });
                }
                let value = self.value()?;
                if pairs.is_empty() && (self.is_word("for") || self.is_word("async")) {
                    let each = self.comprehension(Some(key), value)?;
                    self.sign("}")?;
                    return Some(each);
                }
                pairs.push((Some(key), value));
            }
            if !self.take_sign(",") {
                break;
            }
        }
        self.sign("}")?;
        Some(Expression::Dictionary(pairs))
    }

    fn set(&mut self, first: Element) -> Option<Expression> {
        let set = if self.is_word("for") || self.is_word("async") {
            self.comprehension(None, first.value)?
        } else {
            self.take_sign(",");
            let mut all = vec![first];
            if let Expression::List(further) = self.elements("}")? {
                all.extend(further);
            }
            Expression::List(all)
        };
        self.sign("}")?;
        Some(set)
    }

    /// Reads a string, and those that stand after it.
    fn text(&mut self, prefix: Prefix, inner: &str) -> Expression {
        let mut parts = text::parts(prefix, inner, self.levels);
        while let Some(Token::Text(prefix, inner)) = self.peek() {
            self.next();
            parts.extend(text::parts(prefix, inner, self.levels));
        }
        let mut joined: Vec<Part> = Vec::new();
        for part in parts {
            match (joined.last_mut(), part) {
                (Some(Part::Literal(known)), Part::Literal(more)) => known.push_str(&more),
                (_, part) => joined.push(part),
            }
        }
        Expression::Text(joined)
    }
}

fn binary(operator: Operator, one: Expression, other: Expression) -> Expression {
    Expression::Binary(operator, Box::new((one, other)))
}

fn is_keyword(name: &str) -> bool {
    KEYWORDS.binary_search(&name).is_ok()
}

/// Signs by how tightly they bind, the loosest first.
const RANKS: [&[&str]; 6] =
    [&["|"], &["^"], &["&"], &["<", ">"], &["+", "-"], &["*", "/", "//", "%", "@"]];
/// Names that are none, sorted.
const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue",
    "def", "del", "elif", "else", "except", "finally", "for", "from", "global", "if", "import",
    "in", "is", "lambda", "nonlocal", "not", "or", "pass", "raise", "return", "try", "while",
    "with", "yield",
];
/// Words of one function or statement that are read.
const MOST_TOKENS: usize = 40_000;
/// Levels of brackets and blocks.
const DEEPEST: usize = 40;
/// Calls and attributes of one value in a row.
const LONGEST_CHAIN: usize = 64;
