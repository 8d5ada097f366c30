#include "store/value/annotations.h"

#include <utility>

namespace posthorn::store {
namespace {

/// The least key of a mailbox.
AnnotationKey first_of(MailboxId mailbox) { return {mailbox, {}, {}}; }

std::uint64_t octets_of(const AnnotationKey& key, const AnnotationValue& value) {
  return key.entry.size() + value->size();
}

}  // namespace

AnnotationValue Annotations::find(const AnnotationKey& key) const {
  const auto it = all_.find(key);
  return it == all_.end() ? nullptr : it->second;
}

std::size_t Annotations::count_of(MailboxId mailbox) const { return keys_of(mailbox).size(); }

std::vector<AnnotationKey> Annotations::keys_of(MailboxId mailbox) const {
  std::vector<AnnotationKey> keys;
  for (auto it = all_.lower_bound(first_of(mailbox));
       it != all_.end() && it->first.mailbox == mailbox; ++it)
    keys.push_back(it->first);
  return keys;
}

void Annotations::set(const AnnotationKey& key, AnnotationValue value) {
  erase(key);
  octets_ += octets_of(key, value);
  all_.insert_or_assign(key, std::move(value));
}

void Annotations::erase(const AnnotationKey& key) {
  const auto it = all_.find(key);
  if (it == all_.end()) return;
  octets_ -= octets_of(it->first, it->second);
  all_.erase(it);
}

std::vector<AnnotationKey> changed_annotations(const Annotations& before,
                                               const Annotations& after) {
  std::vector<AnnotationKey> changed;
  auto a = before.all().begin();
  auto b = after.all().begin();
  while (a != before.all().end() || b != after.all().end()) {
    if (b == after.all().end() || (a != before.all().end() && a->first < b->first)) {
      changed.push_back((a++)->first);
    } else if (a == before.all().end() || b->first < a->first) {
      changed.push_back((b++)->first);
    } else {
      if (a->second != b->second && *a->second != *b->second) changed.push_back(a->first);
      ++a;
      ++b;
    }
  }
  return changed;
}

}  // namespace posthorn::store
