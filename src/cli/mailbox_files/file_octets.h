#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/mailbox_files/mail_source.h"

namespace posthorn::cli {

/// An open file, which is closed when its last user releases it.
class InputFile {
 public:
  /// Errors: io, with the reason. Only regular files can be opened.
  static Result<std::shared_ptr<InputFile>> open(const std::string& path);
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// Reads up to `limit` octets from `offset`; fewer only at the end.
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

/// How the file format changes messages.
struct FilterOptions {
  bool mbox = false;         ///< Remove Status and similar fields from the header.
  bool unquote_from = true;  ///< With mbox: remove one '>' from lines that begin with ">From ",
                             ///< ">>From " ... (mboxrd).
};

/// Converts the lines of a file to those of a message: a bare LF becomes CRLF, and NUL, which an
/// IMAP literal cannot contain (RFC 9051 §4.3), becomes 0x80. The input may come in portions of any
/// size.
class LineFilter {
 public:
  explicit LineFilter(FilterOptions options) : options_(options) {}
  void feed(std::string_view octets, std::string& out);
  void finish(std::string& out);

 private:
  /// A longer line is passed on in portions.
  static constexpr std::size_t kLongLine = 64 << 10;
  void line(std::string_view text, bool complete, std::string& out);
  [[nodiscard]] bool is_left_out(std::string_view text);

  const FilterOptions options_;
  std::string held_;
  bool at_line_start_ = true;
  bool in_header_ = true;
  bool leaving_out_ = false;
};

/// A range of a file, read through a LineFilter.
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
