#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "message/mime/analyzer.h"

/// For tests only: real messages, if the machine has them, and functions that feed them to an
/// analyzer.
namespace posthorn::message::testing {

struct MailFile {
  std::string name;
  std::string bytes;
};

inline std::filesystem::path mail_folder() {
  if (const char* env = std::getenv("POSTHORN_SHARED_MAIL")) return env;
  // This file is src/message/test_mail.h.
  return std::filesystem::path(__FILE__).parent_path() / "../../../shared/mail";
}

/// Returns all files below the folder of that name; empty if there is no such folder.
inline std::vector<MailFile> real_messages(const std::string& folder) {
  std::vector<MailFile> out;
  const std::filesystem::path root = mail_folder() / folder;
  if (!std::filesystem::is_directory(root)) return out;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream file(entry.path(), std::ios::binary);
    out.push_back({entry.path().string(), std::string(std::istreambuf_iterator<char>(file), {})});
  }
  return out;
}

inline std::string with_crlf(const std::string& bytes) {
  std::string out;
  for (const char c : bytes) {
    if (c == '\n' && !out.ends_with('\r')) out.push_back('\r');
    out.push_back(c);
  }
  return out;
}

/// Feeds the message in spans of `step` octets; 0 feeds it in one.
inline Analysis analyze(std::string_view bytes, std::size_t step = 0, Limits limits = {}) {
  Analyzer analyzer(limits);
  if (step == 0) step = bytes.size() + 1;
  for (std::size_t at = 0; at < bytes.size(); at += step) analyzer.feed(bytes.substr(at, step));
  return analyzer.finish();
}

}  // namespace posthorn::message::testing
