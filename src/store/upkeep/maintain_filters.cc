#include <algorithm>
#include <functional>

#include "async/wait.h"
#include "store/change/change_writer.h"
#include "store/change/pipeline.h"
#include "store/filter/read_filter.h"
#include "store/filter/write_filter.h"
#include "store/format/codec.h"
#include "store/format/keys.h"
#include "store/read/email_catalog.h"
#include "store/store_state.h"
#include "store/texts/texts_catalog.h"
#include "store/upkeep/attachments.h"
#include "store/upkeep/damage_log.h"
#include "store/upkeep/filter_step.h"
#include "store/upkeep/maintenance.h"
#include "store/upkeep/sign_messages.h"

namespace posthorn::store {
namespace {

/// A filter before it has page numbers.
struct Made {
  FilterRef range;
  FilterPages pages;
};

Made make_filter(Ordinal first, Ordinal last, bool with_attachments,
                 std::span<const SignedMessage> messages) {
  return {{first, last, PageNumber(0), 0, with_attachments ? kWithAttachments : 0},
          encode_filter(first, messages)};
}

/// Signs a group's messages and gives others a turn now and then. `goes_on` is asked each time;
/// after it has returned false, the result is an error.
async::Task<Result<Made>> sign(AccountPtr account, GroupRef group, bool with_attachments,
                               std::function<bool()> goes_on) {
  async::OffloadPool& pool = account->store().state().background;
  GroupSigner signer(account, with_attachments);
  Status opened = co_await async::offload(pool, [&] { return signer.open(group); });
  if (!opened) co_return pass(opened);
  while (co_await async::offload(pool, [&] { return signer.step(); }))
    if (!goes_on()) co_return fail(ErrorKind::unavailable, "The filter is made later");
  co_return co_await async::offload(pool, [&] {
    return make_filter(group.first, group.last, with_attachments, signer.messages());
  });
}

/// Blocks.
Result<Made> merge(Account& account, std::span<const FilterRef> refs) {
  std::vector<SignedMessage> all;
  for (const FilterRef& ref : refs) {
    auto messages = async::wait(read_filter(account.store().engine(), account.id(), ref));
    if (!messages) {
      if (is_damage(messages.error().kind)) account.emails().filters().note_damaged(ref.first);
      return pass(messages);
    }
    std::ranges::move(*messages, std::back_inserter(all));
  }
  const bool with_attachments = std::ranges::all_of(refs, &FilterRef::has_attachments);
  return make_filter(refs.front().first, refs.back().last, with_attachments, all);
}

}  // namespace

void Maintenance::request(const AccountPtr& account) {
  account->home_.post([account] {
    account->pipeline_->filters_complete = false;
    account->pipeline_->maintenance_requested = true;
    account->maintain_if_due();
  });
}

bool Maintenance::filters_are_due(const Account& account) {
  // An account without groups has no filters.
  return !account.pipeline_->filters_complete && account.pipeline_->packed_up_to.value != 0;
}

/// Removes, makes or merges filters. As with pack(), what was read cannot have changed when the
/// result is committed: `maintaining` keeps Expiry and other rounds of maintenance away, and the
/// layout says whether another process has moved something. A search that misses a page that was
/// replaced meanwhile reloads the list.
async::Task<Status> Maintenance::filter(AccountPtr account) {
  Account::Pipeline& pipeline = *account->pipeline_;
  FilterCatalog& filters = account->emails().filters();
  const std::uint64_t layout = account->published()->version.layout;
  auto groups = co_await account->emails().load();
  if (!groups) co_return pass(groups);
  auto refs = co_await filters.load();
  if (!refs) co_return pass(refs);
  TextsCatalog& catalog = account->emails().texts();
  auto texts = co_await catalog.load();
  if (!texts) co_return pass(texts);
  const FilterStep step =
      next_filter_step(**groups, filters, **refs,
                       KnownTexts{catalog, **texts, are_attachments_searched(account->store())});
  if (step.is_about_texts()) co_return co_await Maintenance::texts(account, step, layout);
  if (!step.is_needed()) {
    pipeline.filters_complete = true;
    co_return Status{};
  }
  std::optional<Made> made;
  const auto goes_on = [&] {
    return !account->store().state().closing.load() && !pipeline.expiry_waits;
  };
  if (step.group || step.merge) {
    auto done = step.group ? co_await sign(account, *step.group, step.with_attachments, goes_on)
                           : co_await async::offload(account->store().state().background, [&] {
                               return merge(*account, step.replaced);
                             });
    // A damaged filter is removed in the next round.
    if (!done && step.merge && is_damage(done.error().kind)) co_return Status{};
    // No failure: the filter is made after the next start, or when Expiry is done.
    if (!done && !goes_on()) co_return Status{};
    if (!done) co_return pass(done);
    made = std::move(*done);
  }
  auto change = co_await begin(*account, layout);
  if (!change) co_return Status{};
  for (const FilterRef& ref : step.replaced) {
    if (!made || made->range.first != ref.first)
      change->commit.edits.push_back({keys::filter(ref.first), std::nullopt});
    drop_filter(ref, change->commit.carry);
  }
  if (made)
    change->commit.edits.push_back(write_filter(made->range, std::move(made->pages),
                                                account->store().state().page_numbers,
                                                change->commit.carry));
  const Status done = co_await account->commit_at_home(std::move(*change));
  if (done) {
    for (const FilterRef& ref : step.replaced) filters.clear_damaged(ref.first);
    filters.forget();
  }
  co_return done;
}

}  // namespace posthorn::store
