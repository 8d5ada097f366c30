#pragma once

#include <archive.h>
#include <archive_entry.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace posthorn::extract {

/// Makes a ZIP archive of these files.
inline std::string zip_of(
    std::initializer_list<std::pair<std::string_view, std::string_view>> files) {
  std::string out;
  out.resize(1 << 20);
  for (const auto& file : files) out.resize(out.size() + file.second.size());
  std::size_t used = 0;
  archive* const to = archive_write_new();
  archive_write_set_format_zip(to);
  archive_write_open_memory(to, out.data(), out.size(), &used);
  for (const auto& [name, octets] : files) {
    archive_entry* const entry = archive_entry_new();
    archive_entry_set_pathname(entry, std::string(name).c_str());
    archive_entry_set_size(entry, static_cast<la_int64_t>(octets.size()));
    archive_entry_set_filetype(entry, AE_IFREG);
    archive_entry_set_perm(entry, 0644);
    archive_write_header(to, entry);
    archive_write_data(to, octets.data(), octets.size());
    archive_entry_free(entry);
  }
  archive_write_close(to);
  archive_write_free(to);
  out.resize(used);
  return out;
}

}  // namespace posthorn::extract
