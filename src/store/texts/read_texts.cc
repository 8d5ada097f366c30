#include "store/texts/read_texts.h"

#include "async/wait.h"
#include "store/read/email_catalog.h"
#include "store/store_state.h"
#include "store/upkeep/damage_log.h"

namespace posthorn::store {

Result<std::shared_ptr<const GroupPage>> read_texts_page(Account& account, const TextsRef& ref) {
  Store::State& state = account.store().state();
  const AccountItem item{account.id(), ref.page.value};
  if (auto page = state.pages.find(item)) return page;
  auto bytes = async::wait(state.engine.read_page(account.id(), ref.page));
  if (!bytes) return pass(bytes);
  auto page = GroupPage::decode(*bytes);
  if (!page) return pass(page);
  state.pages.put(item, *page, (*page)->bytes());
  return *page;
}

Result<std::string_view> TextsReader::get(Ordinal ordinal) {
  TextsCatalog& catalog = account_->emails().texts();
  const auto of_page = [&]() -> Result<std::string_view> {
    const auto text = page_->find(ordinal);
    return text ? *text : std::string_view();
  };
  if (page_ && ref_.first <= ordinal && ordinal <= ref_.last) return of_page();
  for (const bool again : {false, true}) {
    auto refs = async::wait(catalog.load(again));
    if (!refs) return pass(refs);
    const TextsRef* const ref = TextsCatalog::find(**refs, ordinal);
    if (ref == nullptr || ref->page.value == 0 || !ref->is_usable() ||
        catalog.is_damaged(ref->first))
      return std::string_view();
    auto page = read_texts_page(*account_, *ref);
    if (page) {
      ref_ = *ref;
      page_ = std::move(*page);
      return of_page();
    }
    if (!is_damage(page.error().kind)) return pass(page);
    // A page disappears when messages are removed from it. The list has changed then, too.
    if (again || page.error().kind != ErrorKind::not_found) {
      catalog.note_damaged(ref->first);
      break;
    }
  }
  return std::string_view();
}

}  // namespace posthorn::store
