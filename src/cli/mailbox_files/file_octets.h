#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/mailbox_files/mail_source.h"

namespace posthorn::cli {

/// An open file, closed when the last who reads from it lets go.
class InputFile {
 public:
  /// Errors: io, with the reason. Only regular files.
  static Result<std::shared_ptr<InputFile>> open(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// Up to `limit` octets from `offset`; fewer at the end only.
  Result<std::string> read(std::uint64_t offset, std::size_t limit) const;
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] std::int64_t modified() const { return modified_; }  ///< Seconds since 1970.
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  InputFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  int fd_;
  std::string path_;
  std::uint64_t size_ = 0;
  std::int64_t modified_ = 0;
};

/// What has to be undone of how a message lies in a file.
struct FilterOptions {
  bool mbox = false;         ///< Leave out Status and its like from the header.
  bool unquote_from = true;  ///< With mbox: one '>' less before ">From ", ">>From " ... (mboxrd).
};

/// Turns a file's lines into a message's: bare LF becomes CRLF, and NUL, which no IMAP literal may
/// hold (RFC 9051 §4.3), becomes 0x80. Fed in any portions.
class LineFilter {
 public:
  explicit LineFilter(FilterOptions options) : options_(options) {}
  void feed(std::string_view octets, std::string& out);
  void finish(std::string& out);

 private:
  /// A line longer than this is passed on in portions.
  static constexpr std::size_t kLongLine = 64 << 10;
  void line(std::string_view text, bool complete, std::string& out);
  [[nodiscard]] bool is_left_out(std::string_view text);

  const FilterOptions options_;
  std::string held_;
  bool at_line_start_ = true;
  bool in_header_ = true;
  bool leaving_out_ = false;
};

/// A range of a file through a LineFilter.
class FileOctets final : public MessageOctets {
 public:
  FileOctets(std::shared_ptr<InputFile> file, std::uint64_t offset, std::uint64_t length,
             FilterOptions options)
      : file_(std::move(file)), offset_(offset), left_(length), filter_(options) {}
  Result<std::string_view> next() override;

 private:
  std::shared_ptr<InputFile> file_;
  std::uint64_t offset_;
  std::uint64_t left_;
  LineFilter filter_;
  bool finished_ = false;
  std::string out_;
};

}  // namespace posthorn::cli
