//! A text of which parts are known: what a function can make.

/// A text with parts that are not known, and parts of which there is a choice.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Text {
    pieces: Vec<Piece>,
}

/// A part of a text.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    /// As it stands.
    Literal(String),
    /// Anything, lines and nothing included.
    Any,
    /// One of these.
    Either(Vec<Text>),
    /// Any number of these, none included.
    Many(Text),
}

impl Text {
    /// Returns a text that is known.
    pub(super) fn literal(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { pieces: if text.is_empty() { Vec::new() } else { vec![Piece::Literal(text)] } }
    }

    /// Returns a text of which nothing is known.
    pub(super) fn any() -> Self {
        Self { pieces: vec![Piece::Any] }
    }

    /// Returns one of these texts.
    pub(super) fn either(texts: Vec<Self>) -> Self {
        let mut different: Vec<Self> = Vec::new();
        for text in texts {
            if !different.contains(&text) {
                different.push(text);
            }
        }
        match different.len() {
            0 => Self::default(),
            1 => different.pop().unwrap_or_default(),
            _ => Self { pieces: vec![Piece::Either(different)] },
        }
    }

    /// Returns any number of these texts.
    pub(super) fn many(text: Self) -> Self {
        if text.pieces.is_empty() { text } else { Self { pieces: vec![Piece::Many(text)] } }
    }

    /// Returns the text, or nothing.
    pub(super) fn maybe(self) -> Self {
        Self::either(vec![Self::default(), self])
    }

    /// Returns the parts in their order.
    pub(super) fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Returns the text where all of it is known.
    pub(super) fn known(&self) -> Option<&str> {
        match self.pieces.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// Returns every part that is known, in whatever form it may be there.
    pub(super) fn literals(&self) -> impl Iterator<Item = &str> {
        let mut literals = Vec::new();
        self.collect(&mut literals);
        literals.into_iter()
    }

    fn collect<'a>(&'a self, literals: &mut Vec<&'a str>) {
        for piece in &self.pieces {
            match piece {
                Piece::Literal(text) => literals.push(text),
                Piece::Any => {}
                Piece::Either(texts) => texts.iter().for_each(|text| text.collect(literals)),
                Piece::Many(text) => text.collect(literals),
            }
        }
    }

    /// True if some of it is known not to be empty.
    pub(super) fn is_something(&self) -> bool {
        self.pieces.iter().any(|piece| match piece {
            Piece::Literal(text) => !text.is_empty(),
            Piece::Either(texts) => texts.iter().all(Self::is_something),
            Piece::Any | Piece::Many(_) => false,
        })
    }

    /// Appends a text. What grows beyond all bounds is not known.
    pub(super) fn append(&mut self, other: &Self) {
        if self.weight().saturating_add(other.weight()) > HEAVIEST {
            *self = Self::any();
            return;
        }
        for piece in &other.pieces {
            match (self.pieces.last_mut(), piece) {
                (Some(Piece::Literal(known)), Piece::Literal(more)) => known.push_str(more),
                (Some(Piece::Any), Piece::Any) => {}
                (_, piece) => self.pieces.push(piece.clone()),
            }
        }
    }

    /// Returns the text with what a function makes of each part that is known.
    pub(super) fn each_literal(&self, make: &dyn Fn(&str) -> Self) -> Self {
        let mut made = Self::default();
        for piece in &self.pieces {
            made.append(&match piece {
                Piece::Literal(text) => make(text),
                Piece::Any => Self::any(),
                Piece::Either(texts) => {
                    Self::either(texts.iter().map(|text| text.each_literal(make)).collect())
                }
                Piece::Many(text) => Self::many(text.each_literal(make)),
            });
        }
        made
    }

    /// Returns the text with another one in the place of each of these words.
    pub(super) fn replaced(&self, word: &str, by: &Self) -> Self {
        if word.is_empty() {
            return Self::any();
        }
        self.each_literal(&|literal| {
            let mut made = Self::default();
            for (at, part) in literal.split(word).enumerate() {
                if at > 0 {
                    made.append(by);
                }
                made.append(&Self::literal(part));
            }
            made
        })
    }

    /// Returns the words between blanks, as far as it is known where they end. A part of which there is a choice stays
    /// within its word.
    pub(super) fn words(&self) -> Vec<Self> {
        let mut words = Vec::new();
        let mut word = Self::default();
        for piece in &self.pieces {
            let Piece::Literal(text) = piece else {
                word.append(&Self { pieces: vec![piece.clone()] });
                continue;
            };
            let mut parts = text.split(char::is_whitespace);
            word.append(&Self::literal(parts.next().unwrap_or_default()));
            for part in parts {
                words.push(std::mem::take(&mut word));
                word = Self::literal(part);
            }
        }
        words.push(word);
        words.retain(|word| !word.pieces.is_empty());
        words
    }

    /// Returns what stands in it after another text, if it begins with that.
    pub(super) fn after(&self, first: &Self) -> Option<Self> {
        let (last, whole) = match first.pieces.split_last() {
            None => return Some(self.clone()),
            Some((last, whole)) => (last, whole),
        };
        let rest = self.pieces.strip_prefix(whole)?;
        let (head, tail) = rest.split_first()?;
        let mut after = match (head, last) {
            (Piece::Literal(text), Piece::Literal(start)) => {
                Self::literal(text.strip_prefix(start.as_str())?)
            }
            (one, other) if one == other => Self::default(),
            _ => return None,
        };
        after.append(&Self { pieces: tail.to_vec() });
        Some(after)
    }

    /// Returns how much there is of it.
    fn weight(&self) -> usize {
        let weight = |piece: &Piece| match piece {
            Piece::Literal(text) => text.len(),
            Piece::Any => 1,
            Piece::Either(texts) => texts.iter().map(Self::weight).sum::<usize>().saturating_add(1),
            Piece::Many(text) => text.weight().saturating_add(1),
        };
        self.pieces.iter().map(weight).sum::<usize>().saturating_add(1)
    }
}

/// The heaviest text that is kept, in bytes and parts. Hermes's own definitions have less than 6 KiB.
const HEAVIEST: usize = 64 << 10;
