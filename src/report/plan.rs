//! The plan as data: public API, frozen as `gw-doctor/plan/1`. It says what the script does, step by step; it is
//! no way to run it.

use gw_checks::plan::{Chosen, Course, Plan, Step, script};
use gw_snapshot::facts::Facts;
use gw_snapshot::snapshot::Tool;
use jiff::Timestamp;
use serde::Serialize;

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    tool: Tool,
    taken_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    uid: Option<u32>,
    plans: Vec<OnePlan<'a>>,
}

#[derive(Serialize)]
struct OnePlan<'a> {
    profile: &'a str,
    home: &'a str,
    diagnosis: Option<&'a str>,
    summary: &'a str,
    course: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<&'a str>,
    by_hand: &'a [String],
    reads: Vec<String>,
    steps: Vec<OneStep<'a>>,
    proof: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fallback: Option<String>,
}

#[derive(Serialize)]
struct OneStep<'a> {
    number: usize,
    name: &'a str,
    why: &'a str,
    guards: Vec<Line>,
    command: String,
    changes: &'a str,
    effect: Line,
    undo: &'a str,
}

/// What is made sure of: for people, and as the script has it.
#[derive(Serialize)]
struct Line {
    text: String,
    script: String,
}

/// The chosen steps of the plans.
///
/// # Errors
/// If they cannot be written as JSON.
pub(crate) fn json(facts: &Facts, plans: &[Plan], chosen: &Chosen) -> anyhow::Result<String> {
    let document = Document {
        schema: "gw-doctor/plan/1",
        tool: Tool::this(),
        taken_at: facts.now,
        uid: facts.about.uid,
        plans: plans.iter().map(|plan| one(plan, chosen)).collect(),
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

fn one<'a>(plan: &'a Plan, chosen: &Chosen) -> OnePlan<'a> {
    let steps = plan.steps().filter(|(number, step)| chosen.takes(*number, step.name));
    let proof = plan.proof.as_ref().map(script::proof_lines).unwrap_or_default();
    let mut document = OnePlan {
        profile: &plan.profile,
        home: &plan.home,
        diagnosis: plan.diagnosis,
        summary: &plan.summary,
        course: "nothing",
        because: None,
        by_hand: &[],
        reads: Vec::new(),
        steps: steps.map(step).collect(),
        proof: proof.lines().map(String::from).collect(),
        fallback: plan.fallback.as_ref().map(script::fallback_command),
    };
    match &plan.course {
        Course::Nothing => {}
        Course::Steps(_) => document.course = "steps",
        Course::Look { because, by_hand, commands } => {
            document.course = "look";
            document.because = Some(because);
            document.by_hand = by_hand;
            document.reads = commands.iter().map(|command| script::words(command)).collect();
        }
    }
    document
}

fn step((number, step): (usize, &Step)) -> OneStep<'_> {
    OneStep {
        number,
        name: step.name,
        why: &step.why,
        guards: step
            .guards
            .iter()
            .map(|guard| Line {
                text: script::guard_text(guard),
                script: script::guard_line(guard),
            })
            .collect(),
        command: script::command(step),
        changes: &step.changes,
        effect: Line {
            text: script::expect_text(&step.expect),
            script: script::expect_line(&step.expect),
        },
        undo: &step.undo,
    }
}
