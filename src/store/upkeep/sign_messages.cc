#include "store/upkeep/sign_messages.h"

#include "async/wait.h"
#include "store/read/redigest.h"
#include "store/store.h"
#include "store/upkeep/damage_log.h"

namespace posthorn::store {

Result<Signature> MessageSigner::sign(std::string_view structure, std::string_view header,
                                      std::string_view body,
                                      std::optional<Ordinal> attachments_of) {
  texts_.header(header, collector_);
  auto read = texts_.body(structure, body, collector_);
  if (read && attachments_of) read = texts_.attachments(*attachments_of, collector_);
  Signature signature = collector_.grams.finish();
  if (!read) return pass(read);
  return signature;
}

Status GroupSigner::open(const GroupRef& group) {
  const auto stored = async::wait(account_->store().engine().read_pages(
      account_->id(), std::vector(group.pages.begin() + 1, group.pages.end())));
  for (std::size_t c = 0; c < pages_.size(); ++c) {
    auto page = stored[c] ? GroupPage::decode(*stored[c]) : std::unexpected(stored[c].error());
    if (!page && !is_damage(page.error().kind)) return pass(page);
    if (!page || (c > 0 && (*page)->count() != pages_[0]->count())) {
      pages_.fill(nullptr);
      break;
    }
    pages_[c] = std::move(*page);
  }
  return {};
}

bool GroupSigner::step() {
  constexpr std::uint64_t kOctets = 4 << 20;
  const std::uint64_t begun = signer_.octets();
  const std::size_t count = pages_[0] ? pages_[0]->count() : 0;
  for (; next_ < count && signer_.octets() - begun < kOctets; ++next_) {
    std::string_view structure = pages_[0]->at(next_);
    const std::string_view header = pages_[1]->at(next_);
    const std::string_view body = pages_[2]->at(next_);
    message::Digest again;
    if (!is_trusted_structure(structure)) {
      auto made = async::wait(digest_again(account_->store().engine(), header, body));
      if (!made) continue;
      again = std::move(*made);
      structure = again.structure;
    }
    const Ordinal ordinal = pages_[0]->ordinal_at(next_);
    if (auto signature = signer_.sign(structure, header, body,
                                      with_attachments_ ? std::optional(ordinal) : std::nullopt))
      messages_.push_back({ordinal, std::move(*signature)});
  }
  return next_ < count;
}

}  // namespace posthorn::store
