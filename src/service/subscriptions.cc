#include "service/subscriptions.h"

#include <vector>

namespace posthorn::service {

Status move_subscriptions(store::Change& change, const std::string& from, const std::string& to) {
  std::vector<std::string> moved;
  for (const std::string& name : *change.state().subscriptions)
    if (name == from || name.starts_with(from + store::kDelimiter)) moved.push_back(name);
  for (const std::string& name : moved) {
    if (auto done = change.unsubscribe(name); !done) return pass(done);
    if (auto done = change.subscribe(to + name.substr(from.size())); !done) return pass(done);
  }
  return {};
}

}  // namespace posthorn::service
