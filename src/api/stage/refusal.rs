//! Why something about a stage is not done.
//! Knows nothing of what else is refused.

use crate::api::Refusal;
use crate::store::StageId;
use http::StatusCode;

/// There is none of this id, or none that the caller may know of.
pub(super) fn no_stage(id: &str) -> Refusal {
    let error = format!(
        "no staged version has the id {id}: perhaps it was approved or rejected, or has waited too long (NOPAR_STAGE_TTL); npm stage list shows those that there are"
    );
    Refusal::new(StatusCode::NOT_FOUND, error, "not_found")
}

/// Somebody else is about to end it.
pub(super) fn busy_stage() -> Refusal {
    let error = "somebody else approves or rejects this staged version just now; look (npm stage list) before you try again";
    Refusal::new(StatusCode::CONFLICT, error, "stage_busy")
}

/// It is not what was staged.
pub(super) fn damaged_stage(id: StageId) -> Refusal {
    log::error!("the stage {id} in .nopar/stage of the registry directory is damaged");
    let error = "this staged version is damaged in the registry's store, and cannot be published: reject it (npm stage reject), and stage it again";
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error, "stage_damaged")
}

/// Nobody can say what it is, nor who may reject it.
pub(super) fn unreadable_stage(id: StageId) -> Refusal {
    let error = format!(
        "the record of this staged version is damaged in the registry's store: stage it again; whoever runs the registry removes the folder .nopar/stage/{id}"
    );
    Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error, "stage_damaged")
}

/// There are as many as may be.
pub(super) fn too_many_stages(most: usize) -> Refusal {
    let error = format!(
        "{most} versions are staged already, and this registry keeps no more: approve or reject some (npm stage list), or publish without a stage; nothing was changed"
    );
    Refusal::new(StatusCode::INSUFFICIENT_STORAGE, error, "too_many_stages")
}

/// They have as many bytes as they may have.
pub(super) fn too_large_stages(most: u64) -> Refusal {
    let error = format!(
        "what is staged may have {most} bytes together (NOPAR_STAGE_SIZE), and this version is too much beside what there is: approve or reject some (npm stage list), or publish without a stage; nothing was changed"
    );
    Refusal::new(StatusCode::INSUFFICIENT_STORAGE, error, "stages_too_large")
}

/// Its version was published or taken back since: it stays, to be looked at and rejected.
pub(super) fn as_conflict(refusal: Refusal) -> Refusal {
    match refusal.reason {
        "version_unpublished" => Refusal { status: StatusCode::CONFLICT, ..refusal },
        _ => refusal,
    }
}
