#include "store/upkeep/check_filters.h"

#include "async/wait.h"
#include "store/filter/read_filter.h"
#include "store/read/email_catalog.h"
#include "store/store.h"
#include "store/texts/read_texts.h"
#include "store/upkeep/maintenance.h"

namespace posthorn::store {

void FilterCheck::run(const std::function<void(const std::string&)>& find) {
  FilterCatalog& catalog = account_->emails().filters();
  auto refs = async::wait(catalog.load(true));
  if (!refs) return find("the search filters cannot be listed: " + refs.error().text);
  bool damaged = false;
  for (const FilterRef& ref : **refs) {
    // One that another version made is not used, and is no damage.
    if (!ref.is_usable()) continue;
    const Status ok = check(ref);
    if (ok || is_replaced(ref)) continue;
    damaged = true;
    catalog.note_damaged(ref.first);
    find(fmt::format("the search filter of the stored messages {} to {} is damaged: {}",
                     ref.first.value, ref.last.value, ok.error().text));
  }
  damaged = check_texts(find) || damaged;
  if (damaged) Maintenance::request(account_);
}

bool FilterCheck::check_texts(const std::function<void(const std::string&)>& find) {
  TextsCatalog& catalog = account_->emails().texts();
  auto refs = async::wait(catalog.load(true));
  if (!refs) {
    find("the text of attachments cannot be listed: " + refs.error().text);
    return false;
  }
  bool damaged = false;
  for (const TextsRef& ref : **refs) {
    if (!ref.is_usable() || ref.page.value == 0) continue;
    const auto page = read_texts_page(*account_, ref);
    if (page) continue;
    // Upkeep may have replaced it since it was listed.
    auto now = async::wait(catalog.load(true));
    const TextsRef* const found = now ? TextsCatalog::find(**now, ref.first) : nullptr;
    if (now && (found == nullptr || found->page != ref.page)) continue;
    damaged = true;
    catalog.note_damaged(ref.first);
    find(fmt::format("the text of attachments of the stored messages {} to {} is damaged: {}",
                     ref.first.value, ref.last.value, page.error().text));
  }
  return damaged;
}

/// Upkeep may have replaced the filter since it was listed.
bool FilterCheck::is_replaced(const FilterRef& ref) {
  auto now = async::wait(account_->emails().filters().load(true));
  if (!now) return false;
  const FilterRef* found = FilterCatalog::find(**now, ref.first);
  return found == nullptr || found->page != ref.page;
}

Status FilterCheck::check(const FilterRef& ref) {
  auto messages = async::wait(read_filter(account_->store().engine(), account_->id(), ref));
  if (!messages) return pass(messages);
  if (depth_ != CheckDepth::hashed) return {};
  constexpr std::size_t kBatch = 256;
  std::size_t wrong = 0;
  for (std::size_t first = 0; first < messages->size(); first += kBatch)
    wrong +=
        count_wrong(std::span(*messages).subspan(first, std::min(kBatch, messages->size() - first)),
                    ref.has_attachments());
  if (wrong == 0) return {};
  return fail(ErrorKind::corrupt,
              fmt::format("it does not agree with the text of {} of them", wrong));
}

std::size_t FilterCheck::count_wrong(std::span<const SignedMessage> messages,
                                     bool with_attachments) {
  std::vector<Ordinal> ordinals;
  for (const SignedMessage& message : messages) ordinals.push_back(message.ordinal);
  reader_.load_blocking(ordinals, bit(Column::structure) | bit(Column::header) | bit(Column::body));
  std::size_t wrong = 0;
  for (const SignedMessage& message : messages) {
    const auto structure = reader_.get(message.ordinal, Column::structure);
    const auto header = reader_.get(message.ordinal, Column::header);
    const auto body = reader_.get(message.ordinal, Column::body);
    if (!structure || !header || !body) continue;
    const auto signature =
        signer_.sign(*structure, *header, *body,
                     with_attachments ? std::optional(message.ordinal) : std::nullopt);
    if (signature && *signature != message.signature) ++wrong;
  }
  return wrong;
}

}  // namespace posthorn::store
