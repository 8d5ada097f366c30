#include "store/read/load_sharing.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "store/format/keys.h"
#include "store/format/paged_record.h"
#include "store/format/sharing_codec.h"
#include "store/read/load.h"

namespace posthorn::store {

async::Task<Status> load_sharing(engine::Engine& engine, PartitionId id, AccountState& state,
                                 std::map<MailboxId, std::shared_ptr<Mailbox>>& made) {
  struct Stored {
    MailboxId mailbox;
    AccountId reader;
  };
  std::shared_ptr<Grants> grants;
  std::set<MailboxId> closed;
  std::vector<Stored> readers;
  std::vector<std::string> values;
  Status ok = co_await for_each_row(
      engine, id, std::string(keys::kSharing), [&](const engine::Row& row) -> Status {
        const MailboxId mailbox = keys::mailbox_of(row.key);
        const std::string_view rest = keys::rest_of_sharing(row.key);
        if (rest.empty() || !made.contains(mailbox)) return {};
        if (keys::kind_of_sharing(row.key) == keys::kGrant) {
          auto grant = decode_grant(row.value);
          if (!grant && rest.starts_with('-')) closed.insert(mailbox);
          if (!grant) return {};
          if (!grants) grants = std::make_shared<Grants>();
          grants->set({mailbox, std::string(rest)}, std::move(*grant));
        } else {
          Stored& one = readers.emplace_back();
          one.mailbox = mailbox;
          if (rest.size() == one.reader.bytes.size())
            std::ranges::copy(rest, one.reader.bytes.begin());
          values.push_back(row.value);
        }
        return {};
      });
  if (!ok) co_return ok;
  for (const MailboxId mailbox : closed)
    for (const GrantKey& key : grants ? grants->keys_of(mailbox) : std::vector<GrantKey>()) {
      Grant grant = *grants->find(key);
      if (grant.sign == Grant::Sign::gives) grant.rights = {};
      grants->set(key, std::move(grant));
    }
  if (grants) state.grants = std::move(grants);
  if (readers.empty()) co_return Status{};
  const auto records = co_await read_records(engine, id, values);
  std::map<MailboxId, ReadersFlags> all;
  for (std::size_t i = 0; i < readers.size(); ++i) {
    if (!records[i]) continue;
    auto seen = decode_reader_flags(*records[i]);
    if (!seen) continue;
    if (const auto page = page_of(values[i])) seen->page = *page;
    all[readers[i].mailbox].emplace(readers[i].reader,
                                    std::make_shared<const ReaderFlags>(std::move(*seen)));
  }
  for (auto& [mailbox, seen] : all)
    made.at(mailbox)->readers = std::make_shared<const ReadersFlags>(std::move(seen));
  co_return Status{};
}

}  // namespace posthorn::store
