//! The same for each of many things, on several threads.

use std::panic::resume_unwind;
use std::thread;

/// So many things are done one after the other: a thread costs as much as a few of them.
const FEW: usize = 8;
/// Among so many threads are more than that shared out. To ask how many processors there are would read files.
const THREADS: usize = 4;

/// What becomes of each, in the order of the things.
pub(crate) fn side_by_side<T: Sync, R: Send>(
    things: &[T],
    each: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let some = |part: &[T]| -> Vec<R> { part.iter().map(&each).collect() };
    if things.len() <= FEW {
        return some(things);
    }
    thread::scope(|scope| {
        let some = &some;
        let threads: Vec<_> = things
            .chunks(things.len().div_ceil(THREADS))
            .map(|part| (part, thread::Builder::new().spawn_scoped(scope, move || some(part))))
            .collect();
        let done = threads.into_iter().flat_map(|(part, thread)| match thread {
            Ok(thread) => thread.join().unwrap_or_else(|panic| resume_unwind(panic)),
            // The system has no more threads for us.
            Err(_) => some(part),
        });
        done.collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_out_and_the_order_stays() {
        for count in [0, 1, FEW, FEW + 1, 100] {
            let things: Vec<usize> = (0..count).collect();
            assert_eq!(
                side_by_side(&things, |thing| thing * 2),
                things.iter().map(|thing| thing * 2).collect::<Vec<_>>()
            );
        }
    }
}
