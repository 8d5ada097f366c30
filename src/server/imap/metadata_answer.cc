#include "server/imap/metadata_answer.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "server/imap/special_uses.h"
#include "wire/imap/response/format_metadata.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using service::MetadataBelow;
using service::MetadataEntry;
using store::AnnotationKey;

bool is_server(const service::MailboxRef& mailbox) { return mailbox.id == MailboxId(0); }

/// Returns whether `name` is `entry` or below it.
bool is_within(std::string_view name, std::string_view entry, MetadataBelow below) {
  if (!name.starts_with(entry)) return false;
  if (name.size() == entry.size()) return true;
  if (name[entry.size()] != '/') return false;
  return below == MetadataBelow::all || name.find('/', entry.size() + 1) == std::string_view::npos;
}

}  // namespace

MetadataAnswer::MetadataAnswer(const Session& session, const service::MailboxRef& mailbox)
    : session_(session), mailbox_(mailbox), state_(mailbox.account->published()) {}

store::AnnotationValue MetadataAnswer::special_use() const {
  const store::MailboxPtr mailbox = state_->find(mailbox_.id);
  if (!mailbox || mailbox->special_use == 0 || mailbox_.is_foreign()) return nullptr;
  return std::make_shared<const std::string>(attributes_of_uses(mailbox->special_use));
}

void MetadataAnswer::put(MetadataEntry entry) {
  if (std::ranges::find(entries_, entry.name, &MetadataEntry::name) == entries_.end())
    entries_.push_back(std::move(entry));
}

void MetadataAnswer::add(const std::string& entry) {
  if (is_server(mailbox_) && entry.starts_with("/shared")) {
    const auto& fixed = session_.options->server_metadata;
    const auto it = fixed.find(entry);
    put({entry, it == fixed.end() ? nullptr : it->second});
  } else if (!is_server(mailbox_) && entry == kSpecialUseEntry) {
    put({entry, special_use()});
  } else {
    put({entry, find_metadata(mailbox_, *state_->annotations, entry)});
  }
}

void MetadataAnswer::add_below(const std::string& entry, MetadataBelow below) {
  if (is_server(mailbox_) && entry.starts_with("/shared")) {
    for (const auto& [name, value] : session_.options->server_metadata)
      if (is_within(name, entry, below)) put({name, value});
    return;
  }
  for (MetadataEntry& found : find_metadata_below(mailbox_, *state_->annotations, entry, below))
    put(std::move(found));
  if (is_server(mailbox_) || !is_within(kSpecialUseEntry, entry, below)) return;
  if (auto value = special_use()) put({std::string(kSpecialUseEntry), std::move(value)});
}

std::size_t MetadataAnswer::leave_out_longer(std::size_t octets) {
  std::size_t longest = 0;
  std::erase_if(entries_, [&](const MetadataEntry& entry) {
    if (!entry.value || entry.value->size() <= octets) return false;
    longest = std::max(longest, entry.value->size());
    return true;
  });
  return longest;
}

void MetadataAnswer::say(Session& session, std::string_view mailbox) const {
  if (entries_.empty()) return;
  std::vector<wi::MetadataItem> items;
  for (const MetadataEntry& entry : entries_) {
    items.push_back({entry.name, std::nullopt});
    if (entry.value) items.back().value = *entry.value;
  }
  auto w = session.writer();
  wi::format_metadata(w, mailbox, items);
}

namespace {

/// RFC 5464 §4.4.2, RFC 5465 §5.6, §5.7.
bool wants_changes_of(const Session& session, const store::MailboxPtr& mailbox,
                      const store::AccountState& state) {
  if (session.enabled.metadata) return true;
  if (!session.notifications) return false;
  using Event = wi::NotifyEvent;
  if (!mailbox) return session.notifications->wants_any(Event::server_metadata_change);
  return session.notifications->events_of(mailbox->name, state, state)
      .has(Event::mailbox_metadata_change);
}

/// The keys are in order, so that those of one mailbox follow each other.
void say_changed(Session& session, const std::vector<AnnotationKey>& changed) {
  const service::Caller caller = session.caller();
  const store::StatePtr state = session.account->published();
  for (auto it = changed.begin(); it != changed.end();) {
    const MailboxId id = it->mailbox;
    std::vector<std::string_view> entries;
    for (; it != changed.end() && it->mailbox == id; ++it)
      if (service::is_visible_to(*it, caller)) entries.push_back(it->entry);
    const store::MailboxPtr mailbox = state->find(id);
    // The annotations of a mailbox that was deleted have gone with it.
    if (entries.empty() || (id != MailboxId(0) && !mailbox)) continue;
    if (!wants_changes_of(session, mailbox, *state)) continue;
    auto w = session.writer();
    wi::format_metadata_changed(w, mailbox ? std::string_view(mailbox->name) : "", entries);
  }
}

}  // namespace

Result<std::string> Session::find_filter(std::string_view name) const {
  if (!is_offered("FILTERS")) return fail(ErrorKind::not_supported, "There are no filters");
  const std::string entry = std::string(kFilterValues).append(name);
  if (const store::AnnotationValue own =
          find_metadata(service::server_metadata(caller()), *account->published()->annotations,
                        "/private" + entry))
    return *own;
  const auto shared = options->server_metadata.find("/shared" + entry);
  if (shared != options->server_metadata.end() && shared->second) return *shared->second;
  return fail(ErrorKind::not_found, "There is no such filter");
}

void tell_metadata(Session& session) {
  if (!session.told_metadata) return;
  auto now = session.account->published()->annotations;
  if (now == session.told_metadata) return;
  const auto before = std::exchange(session.told_metadata, std::move(now));
  say_changed(session, store::changed_annotations(*before, *session.told_metadata));
}

void told_metadata_change(Session& session, MailboxId mailbox, std::span<const std::string> entries,
                          std::shared_ptr<const store::Annotations> now) {
  if (!session.told_metadata) return;
  const auto before = std::exchange(session.told_metadata, std::move(now));
  auto changed = store::changed_annotations(*before, *session.told_metadata);
  std::erase_if(changed, [&](const AnnotationKey& key) {
    return key.mailbox == mailbox && std::ranges::find(entries, key.entry) != entries.end();
  });
  say_changed(session, changed);
}

}  // namespace posthorn::server::imap
