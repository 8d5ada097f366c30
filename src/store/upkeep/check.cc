#include "store/upkeep/check.h"

#include <algorithm>
#include <set>

#include "async/wait.h"
#include "message/digest/keys_view.h"
#include "message/mime/structure_view.h"
#include "store/change/queue_list.h"
#include "store/format/codec.h"
#include "store/format/directory_rows.h"
#include "store/format/keys.h"
#include "store/format/outbox_codec.h"
#include "store/format/system.h"
#include "store/read/damage_scan.h"
#include "store/read/email_reader.h"
#include "store/read/load.h"
#include "store/store_state.h"

namespace posthorn::store {

/// One run of Store::check().
class StoreCheck {
 public:
  StoreCheck(Store& store, CheckDepth depth) : store_(store), depth_(depth) {}

  async::Task<Result<Store::CheckReport>> run(Store::Repair repair) {
    Status gathered = co_await async::offload(store_.offload(), [&] { return look_around(); });
    if (!gathered) co_return pass(gathered);
    for (const AccountId& id : accounts_) {
      co_await check_account(id, repair);
      if (++checked_ % kTrimEvery == 0) co_await store_.trim();
    }
    co_return std::move(report_);
  }

 private:
  static constexpr std::size_t kTrimEvery = 100;
  static constexpr std::size_t kIdOctets = std::tuple_size_v<decltype(AccountId::bytes)>;

  void find(std::string finding) { report_.findings.push_back(std::move(finding)); }

  /// Examines the files, and every account that is mentioned anywhere, because what is damaged in
  /// one place can be found by another.
  Status look_around() {
    check_files();
    if (Status ok = list_partitions(); !ok) return ok;
    for (std::uint8_t shard = 0; shard < kDirectoryShards; ++shard)
      if (Status ok = list_addresses(shard); !ok) return ok;
    for (std::uint8_t shard = 0; shard < kQueueShards; ++shard)
      if (Status ok = list_queue(shard); !ok) return ok;
    return {};
  }

  void check_files() {
    auto damaged = store_.engine().verify_files();
    if (!damaged) return find("the files cannot be checked: " + damaged.error().text);
    for (const engine::FileDamage& file : *damaged)
      find(fmt::format("file {}: {}", file.file, file.what));
    // Reading the messages shows which of them are affected.
    if (!damaged->empty()) depth_ = std::max(depth_, CheckDepth::readable);
  }

  [[nodiscard]] std::function<void(const DamagedRange&)> reports(std::string what) {
    return [this, what = std::move(what)](const DamagedRange& range) {
      find(fmt::format("{}: a part of it cannot be read: {} ({})", what, range.why.text,
                       range.why.cause));
    };
  }

  Status list_partitions() {
    return for_each_readable_partition(
        store_.engine(),
        [&](const PartitionId& id) {
          if (is_account_partition(id)) accounts_.insert(id);
        },
        reports("the list of accounts"));
  }

  Status list_addresses(std::uint8_t shard) {
    return for_each_readable_row(
        store_.engine(), directory_partition(shard), keys::kAddresses,
        [&](const engine::Row& row) {
          auto entry = decode_address(row.value);
          const std::string address = row.key.substr(1);
          if (!entry) return find("address " + address + ": " + entry.error().text);
          if (!entry->targets.empty()) return;
          accounts_.insert(entry->account);
          if (auto there = async::wait(read_profile(store_.engine(), entry->account)); !there)
            find("address " + address + ": " + there.error().text);
        },
        reports(fmt::format("shard {} of the directory, with its addresses", shard)));
  }

  Status list_queue(std::uint8_t shard) {
    return for_each_readable_row(
        store_.engine(), queue_partition(shard), keys::kOutboxes,
        [&](const engine::Row& row) {
          if (row.key.size() != 1 + kIdOctets)
            return find("a row of the queue's list has no account");
          AccountId id;
          std::ranges::copy(row.key.substr(1), id.bytes.begin());
          accounts_.insert(id);
          if (auto since = decode_time(row.value); !since)
            find("the queue's list, " + describe_account(id, "") + ": " + since.error().text);
        },
        reports(fmt::format("shard {} of the queue's list", shard)));
  }

  async::Task<void> check_account(const AccountId& id, Store::Repair repair) {
    const auto profile = co_await store_.profile(id);
    const std::string name = profile ? profile->name : "";
    auto opened = co_await store_.account(id);
    if (opened) {
      AccountCheck check(*opened, name, depth_, report_);
      co_await check.run(repair);
    } else if (opened.error().kind != ErrorKind::not_found) {
      find(fmt::format("{}: it cannot be opened, so none of its mail can be read: {} ({})",
                       describe_account(id, name), opened.error().text, opened.error().cause));
    }
  }

  Store& store_;
  CheckDepth depth_;
  Store::CheckReport report_;
  std::set<AccountId> accounts_;
  std::size_t checked_ = 0;
};

async::Task<Result<Store::CheckReport>> Store::check(bool deep, Repair repair) {
  StoreCheck check(*this, deep ? CheckDepth::hashed : CheckDepth::named);
  co_return co_await check.run(repair);
}

}  // namespace posthorn::store
