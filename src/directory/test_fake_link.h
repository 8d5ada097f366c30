#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "directory/link.h"

namespace posthorn::directory {

/// A directory for tests, in memory, which its connections share.
struct FakePeople {
  struct Person {
    std::string password = {};  ///< Empty: `hash` counts.
    std::string hash = {};
    bool enabled = true;
    std::string name = {};  ///< Of the account; empty: the name that is asked for.
    std::vector<std::string> groups = {};
    bool is_malformed = false;
  };
  Mutex mutex;
  std::map<std::string, Person> people POSTHORN_GUARDED_BY(mutex);
  std::map<std::string, std::vector<std::string>> aliases POSTHORN_GUARDED_BY(mutex);
  bool is_down POSTHORN_GUARDED_BY(mutex) = false;
  std::chrono::milliseconds delay POSTHORN_GUARDED_BY(mutex){0};
  int asked POSTHORN_GUARDED_BY(mutex) = 0;
  int connected POSTHORN_GUARDED_BY(mutex) = 0;
  int verified POSTHORN_GUARDED_BY(mutex) = 0;

  void set(const std::string& who, Person person) {
    const MutexLock lock(mutex);
    people[who] = std::move(person);
  }
  void set_down(bool down) {
    const MutexLock lock(mutex);
    is_down = down;
  }
  /// How often it was asked anything.
  int questions() {
    const MutexLock lock(mutex);
    return asked;
  }
};

/// A connection to it, which is lost once the directory was down.
class FakeLink final : public Link {
 public:
  explicit FakeLink(std::shared_ptr<FakePeople> all) : all_(std::move(all)) {
    const MutexLock lock(all_->mutex);
    ++all_->connected;
  }
  Result<std::optional<Entry>> find_user(const Asked& asked) override {
    if (Status up = answer(); !up) return pass(up);
    const MutexLock lock(all_->mutex);
    const auto at = all_->people.find(asked.name);
    if (at == all_->people.end()) return std::nullopt;
    const FakePeople::Person& person = at->second;
    if (person.is_malformed) return fail(ErrorKind::corrupt, "the entry of " + asked.name);
    Entry entry;
    entry.name = person.name.empty() ? asked.name : person.name;
    entry.handle = entry.name;
    entry.enabled = person.enabled;
    entry.groups = person.groups;
    if (person.hash.empty()) {
      entry.password = CheckedThere{};
    } else if (auto hash = auth::ForeignHash::parse(person.hash)) {
      entry.password = std::move(*hash);
    }
    return entry;
  }
  Result<std::vector<std::string>> find_alias(const Asked& asked) override {
    if (Status up = answer(); !up) return pass(up);
    const MutexLock lock(all_->mutex);
    const auto at = all_->aliases.find(asked.name);
    return at == all_->aliases.end() ? std::vector<std::string>() : at->second;
  }
  Result<bool> has_domain(const std::string& domain) override {
    if (Status up = answer(); !up) return pass(up);
    return domain == "example.org";
  }
  Result<bool> verify(const Entry& entry, const auth::Secret& password) override {
    if (Status up = answer(); !up) return pass(up);
    const MutexLock lock(all_->mutex);
    ++all_->verified;
    for (const auto& [name, person] : all_->people)
      if (name == entry.name) return person.password == password.reveal();
    return false;
  }

 private:
  Status answer() {
    std::chrono::milliseconds delay{};
    {
      const MutexLock lock(all_->mutex);
      ++all_->asked;
      delay = all_->delay;
      lost_ = lost_ || all_->is_down;
    }
    std::this_thread::sleep_for(delay);
    if (lost_) return fail(ErrorKind::unavailable, "the directory is down");
    return {};
  }
  const std::shared_ptr<FakePeople> all_;
  bool lost_ = false;
};

}  // namespace posthorn::directory
