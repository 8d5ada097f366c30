#include "cli/mailbox_files/file_octets.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "text/ascii.h"

namespace posthorn::cli {
namespace {

constexpr std::size_t kPortion = 128 << 10;

/// Fields in which mail programs keep flags and numbers inside an mbox.
constexpr std::array<std::string_view, 6> kMboxFields = {"status",     "x-status", "x-keywords",
                                                         "x-imapbase", "x-imap",   "x-uid"};

Error io_error(const std::string& path) {
  return {ErrorKind::io, fmt::format("{}: {}", path, std::strerror(errno))};
}

}  // namespace

Result<std::shared_ptr<InputFile>> InputFile::open(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return std::unexpected(io_error(path));
  std::shared_ptr<InputFile> file(new InputFile(fd, path));
  struct stat info{};
  if (::fstat(fd, &info) != 0) return std::unexpected(io_error(path));
  if (!S_ISREG(info.st_mode)) return fail(ErrorKind::io, path + ": is not a regular file");
  file->size_ = static_cast<std::uint64_t>(info.st_size);
  file->modified_ = info.st_mtime;
  return file;
}

InputFile::~InputFile() { ::close(fd_); }

Result<std::string> InputFile::read(std::uint64_t offset, std::size_t limit) const {
  std::string out(limit, '\0');
  std::size_t have = 0;
  while (have < limit) {
    const ssize_t n =
        ::pread(fd_, out.data() + have, limit - have, static_cast<off_t>(offset + have));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return std::unexpected(io_error(path_));
    if (n == 0) break;
    have += static_cast<std::size_t>(n);
  }
  out.resize(have);
  return out;
}

void LineFilter::feed(std::string_view octets, std::string& out) {
  while (!octets.empty()) {
    const std::size_t end = octets.find('\n');
    if (end == std::string_view::npos) {
      held_ += octets;
      // A CR at the very end may be part of the line end, so it is held back.
      if (held_.size() > kLongLine) {
        const std::size_t keep = held_.back() == '\r' ? 1 : 0;
        line(std::string_view(held_).substr(0, held_.size() - keep), false, out);
        held_.erase(0, held_.size() - keep);
      }
      return;
    }
    std::string_view text = octets.substr(0, end);
    octets.remove_prefix(end + 1);
    if (!held_.empty()) {
      held_ += text;
      text = held_;
    }
    if (text.ends_with('\r')) text.remove_suffix(1);
    line(text, true, out);
    held_.clear();
  }
}

void LineFilter::finish(std::string& out) {
  if (!held_.empty()) line(held_, false, out);
  held_.clear();
}

bool LineFilter::is_left_out(std::string_view text) {
  if (!options_.mbox || !in_header_) return false;
  if (text.starts_with(' ') || text.starts_with('\t')) return leaving_out_;
  const std::string_view name = text.substr(0, text.find(':'));
  return std::ranges::any_of(
      kMboxFields, [&](std::string_view field) { return posthorn::text::iequals(name, field); });
}

void LineFilter::line(std::string_view text, bool complete, std::string& out) {
  if (at_line_start_) {
    if (in_header_ && complete && text.empty()) in_header_ = false;
    leaving_out_ = is_left_out(text);
    if (options_.mbox && options_.unquote_from && !in_header_ && text.starts_with('>')) {
      const std::size_t quotes = text.find_first_not_of('>');
      if (quotes != std::string_view::npos && text.substr(quotes).starts_with("From "))
        text.remove_prefix(1);
    }
  }
  at_line_start_ = complete;
  if (leaving_out_) return;
  const std::size_t before = out.size();
  out += text;
  if (text.contains('\0'))
    std::replace(out.begin() + static_cast<std::ptrdiff_t>(before), out.end(), '\0', '\x80');
  if (complete) out += "\r\n";
}

Result<std::string_view> FileOctets::next() {
  out_.clear();
  while (out_.empty() && left_ > 0) {
    Result<std::string> portion = file_->read(offset_, std::min<std::uint64_t>(kPortion, left_));
    if (!portion) return pass(portion);
    if (portion->empty())
      return fail(ErrorKind::io, file_->path() + ": became shorter while it was read");
    offset_ += portion->size();
    left_ -= portion->size();
    filter_.feed(*portion, out_);
  }
  if (left_ == 0 && !finished_) {
    finished_ = true;
    filter_.finish(out_);
  }
  return out_;
}

}  // namespace posthorn::cli
