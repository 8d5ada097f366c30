#include "engine/rocksdb/salvage/merge.h"

#include <algorithm>
#include <utility>

#include "engine/rocksdb/salvage/blob_file.h"

namespace posthorn::engine::rocks {

Merge::Merge(std::string folder, std::vector<std::unique_ptr<TableFile>> tables,
             const std::map<std::string, KeyVersion>* logged)
    : folder_(std::move(folder)),
      tables_(std::move(tables)),
      logged_(logged == nullptr ? none_ : *logged),
      next_logged_(logged_.begin()) {}

bool Merge::is_later(std::size_t a, std::size_t b) const {
  return tables_[a]->key() > tables_[b]->key();
}

namespace {

/// No store has as many versions of a key; a table that was made on purpose may.
constexpr std::size_t kMostVersions = 1000;

void sort_newest_first(std::vector<KeyVersion>& versions) {
  std::ranges::sort(versions, std::greater(), [](const KeyVersion& version) {
    return std::pair(version.sequence, version.file);
  });
}

}  // namespace

std::vector<KeyVersion> Merge::take_versions(const std::string& key) {
  const auto later = [this](std::size_t a, std::size_t b) { return is_later(a, b); };
  std::vector<KeyVersion> versions;
  if (next_logged_ != logged_.end() && next_logged_->first == key) {
    versions.push_back(next_logged_->second);
    ++next_logged_;
  }
  while (!heap_.empty() && tables_[heap_.front()]->key() == key) {
    std::ranges::pop_heap(heap_, later);
    const std::size_t number = heap_.back();
    TableFile& table = *tables_[number];
    bool more = true;
    do {
      versions.push_back({table.sequence(), number, table.kind(), std::string(table.value())});
      if (versions.size() == 2 * kMostVersions) {
        sort_newest_first(versions);
        versions.resize(kMostVersions);
      }
      more = table.next();
      // Out of order only in a table that was made on purpose. It must not keep us here for ever.
    } while (more && table.key() == key);
    if (more) {
      std::ranges::push_heap(heap_, later);
    } else {
      heap_.pop_back();
    }
  }
  sort_newest_first(versions);
  return versions;
}

Status Merge::put_newest(const std::string& key, std::vector<KeyVersion> versions,
                         const std::function<Status(std::string_view, std::string)>& put) {
  std::string why;
  for (KeyVersion& version : versions) {
    if (version.kind == EntryKind::removed) break;
    if (version.kind == EntryKind::value) return put(key, std::move(version.value));
    auto blob = read_blob(folder_, key, version.value);
    if (blob) return put(key, std::move(*blob));
    if (blob.error().kind == ErrorKind::io) return pass(blob);
    if (why.empty()) why = blob.error().text;
  }
  if (!why.empty()) ++unreadable_[why];
  return {};
}

Status Merge::run(const std::function<Status(std::string_view, std::string)>& put) {
  const auto later = [this](std::size_t a, std::size_t b) { return is_later(a, b); };
  for (std::size_t i = 0; i < tables_.size(); ++i)
    if (tables_[i]->next()) heap_.push_back(i);
  std::ranges::make_heap(heap_, later);
  while (!heap_.empty() || next_logged_ != logged_.end()) {
    std::string key;
    if (!heap_.empty()) key = tables_[heap_.front()]->key();
    if (next_logged_ != logged_.end() && (heap_.empty() || next_logged_->first < key))
      key = next_logged_->first;
    if (Status ok = put_newest(key, take_versions(key), put); !ok) return ok;
  }
  return {};
}

std::map<std::string, std::vector<LostKeys>> Merge::lost() const {
  std::map<std::string, std::vector<LostKeys>> lost;
  for (const auto& table : tables_)
    if (!table->lost().empty()) lost.emplace(table->name(), table->lost());
  return lost;
}

std::map<std::string, std::uint64_t> Merge::given_up() const {
  std::map<std::string, std::uint64_t> given_up;
  for (const auto& table : tables_)
    if (table->given_up() != 0) given_up.emplace(table->name(), table->given_up());
  return given_up;
}

}  // namespace posthorn::engine::rocks
