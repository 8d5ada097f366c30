#include "cli/mailbox_files/import_record.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace posthorn::cli {

// Each line consists of a mark and a text: '?' UIDNEXT begins a batch, '&' names one of its
// messages, '+' records that it arrived, '-' that it did not. A line without a line end was not
// written completely.

Result<ImportRecord> ImportRecord::open(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return fail(ErrorKind::io, fmt::format("{}: {}", path, std::strerror(errno)));
  ImportRecord record(fd);
  std::ifstream in(path, std::ios::binary);
  record.load(std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>()));
  return record;
}

ImportRecord::ImportRecord(ImportRecord&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      done_(std::move(other.done_)),
      in_doubt_(std::move(other.in_doubt_)) {}

ImportRecord::~ImportRecord() {
  if (fd_ >= 0) ::close(fd_);
}

void ImportRecord::load(const std::string& text) {
  std::size_t at = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', at)) {
    const std::string_view line = std::string_view(text).substr(at, end - at);
    at = end + 1;
    if (line.empty()) continue;
    const std::string_view rest = line.substr(1);
    if (line[0] == '?') {
      in_doubt_ = InDoubt{{}, 0};
      std::from_chars(rest.data(), rest.data() + rest.size(), in_doubt_->uid_next);
    } else if (line[0] == '&' && in_doubt_) {
      in_doubt_->keys.emplace_back(rest);
    } else if (line[0] == '+' && in_doubt_) {
      done_.insert(in_doubt_->keys.begin(), in_doubt_->keys.end());
      in_doubt_.reset();
    } else if (line[0] == '-') {
      in_doubt_.reset();
    }
  }
  // The next line must not be joined to an incomplete one.
  if (at != text.size() && ::write(fd_, "\n", 1) != 1) in_doubt_.reset();
  if (in_doubt_ && in_doubt_->keys.empty()) in_doubt_.reset();
}

Status ImportRecord::append(const std::string& text, Sync sync) {
  const ssize_t written = ::write(fd_, text.data(), text.size());
  if (written != static_cast<ssize_t>(text.size()) || (sync == Sync::yes && ::fdatasync(fd_) != 0))
    return fail(ErrorKind::io, fmt::format("the record of the import: {}", std::strerror(errno)));
  return {};
}

Status ImportRecord::settle(Outcome outcome) {
  if (outcome == Outcome::arrived) return finish();
  in_doubt_.reset();
  return append("-\n", Sync::yes);
}

Status ImportRecord::begin(std::uint32_t uid_next, const std::vector<std::string>& keys) {
  std::string text = fmt::format("?{}\n", uid_next);
  for (const std::string& key : keys) text += "&" + key + "\n";
  in_doubt_ = InDoubt{keys, uid_next};
  return append(text, Sync::yes);
}

Status ImportRecord::finish() {
  if (Status written = append("+\n", Sync::no); !written) return written;
  done_.insert(in_doubt_->keys.begin(), in_doubt_->keys.end());
  in_doubt_.reset();
  return {};
}

}  // namespace posthorn::cli
