#include "store/upkeep/account_pieces.h"

#include <set>

#include "async/wait.h"
#include "store/format/codec.h"
#include "store/format/group_page.h"
#include "store/format/keys.h"
#include "store/read/email_catalog.h"
#include "store/read/load.h"
#include "store/upkeep/damage_log.h"

namespace posthorn::store {
namespace {

/// The error as it is, unless it is one to pass over.
Status judge(Error error, DamagedBodies damaged) {
  const bool passed_over = damaged == DamagedBodies::pass_over &&
                           (is_damage(error.kind) || error.kind == ErrorKind::not_found);
  return passed_over ? Status() : std::unexpected(std::move(error));
}

}  // namespace

Status for_each_body(engine::Engine& engine, const PartitionId& account,
                     const std::function<Status(std::string_view)>& body, DamagedBodies damaged) {
  EmailCatalog catalog(engine, account);
  const auto take_row = [&](const engine::Row& row) -> Status {
    auto email = async::wait(catalog.decode_row(row.value));
    if (!email) return judge(std::move(email.error()), damaged);
    return body(email->body);
  };
  Status ok = async::wait(for_each_row(engine, account, std::string(keys::kEmails), take_row));
  if (!ok) return ok;
  auto groups = async::wait(catalog.load());
  if (!groups) return pass(groups);
  for (const GroupRef& group : **groups) {
    auto bytes = async::wait(engine.read_page(account, group.pages.back()));
    auto bodies =
        bytes ? GroupPage::decode(*bytes) : Result<std::shared_ptr<const GroupPage>>(pass(bytes));
    if (!bodies) {
      if (ok = judge(std::move(bodies.error()), damaged); !ok) return ok;
      continue;
    }
    for (std::size_t i = 0; i < (*bodies)->count(); ++i)
      if (ok = body((*bodies)->at(i)); !ok) return ok;
  }
  return {};
}

Result<std::vector<engine::Candidate>> candidates_of(engine::Engine& engine,
                                                     const PartitionId& holder) {
  constexpr std::size_t kAtOnce = 1000;
  std::vector<engine::Candidate> found;
  // Candidates are ordered by holder, and no piece's name is all zeros.
  std::optional<engine::Candidate> after = engine::Candidate{};
  after->holder = holder;
  for (;;) {
    auto some = engine.candidates(after, kAtOnce);
    if (!some) return pass(some);
    for (const engine::Candidate& candidate : *some) {
      if (candidate.holder != holder) return found;
      found.push_back(candidate);
    }
    if (some->size() < kAtOnce) return found;
    after = some->back();
  }
}

Result<std::vector<engine::PieceName>> pieces_held(engine::Engine& engine,
                                                   const PartitionId& account) {
  std::set<engine::PieceName> names;
  Status ok = for_each_body(engine, account, [&](std::string_view body) -> Status {
    auto list = decode_body_list(body);
    if (!list) return pass(list);
    for (const BodyPiece& piece : list->pieces) names.insert(piece.name);
    return {};
  });
  if (!ok) return pass(ok);
  auto candidates = candidates_of(engine, account);
  if (!candidates) return pass(candidates);
  for (const engine::Candidate& candidate : *candidates) names.insert(candidate.piece);
  return std::vector<engine::PieceName>(names.begin(), names.end());
}

}  // namespace posthorn::store
