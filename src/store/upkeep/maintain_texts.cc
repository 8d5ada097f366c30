#include "async/low_priority.h"
#include "store/change/change_writer.h"
#include "store/change/pipeline.h"
#include "store/format/keys.h"
#include "store/read/email_catalog.h"
#include "store/store_state.h"
#include "store/texts/write_texts.h"
#include "store/upkeep/attachments.h"
#include "store/upkeep/extract_texts.h"
#include "store/upkeep/filter_step.h"
#include "store/upkeep/maintenance.h"

namespace posthorn::store {

AttachmentSearch::AttachmentSearch(std::shared_ptr<extract::TextExtractor> from)
    : extractor(std::move(from)), pool(kThreads, Store::State::kBackgroundJobs) {
  for (std::size_t i = 0; i < kThreads; ++i)
    (void)pool.submit(async::lower_priority_of_this_thread);
}

void search_attachments(Store& store, std::shared_ptr<extract::TextExtractor> extractor) {
  store.state().attachments.store(std::make_shared<AttachmentSearch>(std::move(extractor)));
}

bool are_attachments_searched(Store& store) { return store.state().attachments.load() != nullptr; }

/// Extracts the text of some messages' attachments, or removes what cannot be used. As with
/// filter(), what was read cannot have changed when the result is committed.
async::Task<Status> Maintenance::texts(AccountPtr account, const FilterStep& step,
                                       std::uint64_t layout) {
  Store::State& store = account->store().state();
  TextsCatalog& catalog = account->emails().texts();
  std::optional<ExtractedTexts> made;
  if (step.extract) {
    const auto search = store.attachments.load();
    if (!search) co_return Status{};
    auto done = co_await async::offload(search->pool, [&]() -> Result<ExtractedTexts> {
      if (store.closing.load()) return fail(ErrorKind::unavailable, "The server is stopping");
      return GroupTexts(account, *search->extractor).run(step.extract->group, step.extract->from);
    });
    // No failure: the text is extracted after the next start.
    if (!done && store.closing.load()) co_return Status{};
    if (!done) co_return pass(done);
    made = std::move(*done);
  }
  auto change = co_await begin(*account, layout);
  if (!change) co_return Status{};
  for (const TextsRef& ref : step.replaced_texts) {
    change->commit.edits.push_back({keys::texts(ref.first), std::nullopt});
    drop_texts(ref, change->commit.carry);
  }
  if (made) {
    std::optional<std::string> page;
    if (!made->texts.empty()) {
      std::vector<std::pair<Ordinal, std::string_view>> rows(made->texts.begin(),
                                                             made->texts.end());
      page = GroupPage::encode(rows);
    }
    change->commit.edits.push_back(write_texts({step.extract->from, made->last, PageNumber(0), 0},
                                               std::move(page), store.page_numbers,
                                               change->commit.carry));
  }
  const Status done = co_await account->commit_at_home(std::move(*change));
  if (done) {
    for (const TextsRef& ref : step.replaced_texts) catalog.clear_damaged(ref.first);
    catalog.forget();
  }
  co_return done;
}

}  // namespace posthorn::store
