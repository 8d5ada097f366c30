#include <algorithm>

#include "config/directory_schema.h"
#include "config/load.h"
#include "config/schema.h"

namespace posthorn::config {

Difference difference(const Config& before, const Config& after) {
  Difference out;
  for (const Key& key : schema()) {
    if (format_value(before, key) == format_value(after, key)) continue;
    out.changed.emplace_back(key.name);
    if (key.reload == Reload::needs_restart) out.need_restart.emplace_back(key.name);
  }
  for (const Directory& directory : after.directory) {
    const auto old = std::ranges::find(before.directory, directory.name, &Directory::name);
    for (const Key& key : directory_keys()) {
      if (old != before.directory.end() && format_value(with_directory(before, *old), key) ==
                                               format_value(with_directory(after, directory), key))
        continue;
      out.changed.push_back(name_in(key, directory.name));
      out.need_restart.push_back(out.changed.back());
    }
  }
  return out;
}

}  // namespace posthorn::config
