#include "store/value/grants.h"

namespace posthorn::store {

const Grant* Grants::find(const GrantKey& key) const {
  const auto it = all_.find(key);
  return it == all_.end() ? nullptr : &it->second;
}

bool Grants::any_of(MailboxId mailbox) const {
  if (all_.empty()) return false;
  const auto it = all_.lower_bound({mailbox, {}});
  return it != all_.end() && it->first.mailbox == mailbox;
}

std::vector<GrantKey> Grants::keys_of(MailboxId mailbox) const {
  std::vector<GrantKey> keys;
  for_each_of(mailbox, [&](const GrantKey& key, const Grant&) { keys.push_back(key); });
  return keys;
}

}  // namespace posthorn::store
