#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/flags.h"
#include "cli/mailbox_files/mail_source.h"

namespace posthorn::cli {

/// Reads Maildir++ trees (".Work.Reports" beside cur/), Maildirs in nested folders, and folders of
/// files with one message each. A file outside of cur/ and new/ is a message if it begins like one;
/// otherwise it is skipped with a warning. Every folder that contains messages is a mailbox; the
/// root is INBOX. Flags come from the file's name and from Dovecot's table of keywords; the time is
/// the file's. The messages of a mailbox come oldest first. Memory: the names of one folder.
class MaildirSource final : public MailSource {
 public:
  /// Errors: io if there is no such folder.
  static Result<std::unique_ptr<MaildirSource>> open(const std::string& root);
  Result<std::optional<FoundMessage>> next() override;
  [[nodiscard]] std::uint64_t total_octets() const override { return total_; }

  /// Mailboxes with messages, and empty Maildirs.
  struct Folder {
    std::string path;
    std::string mailbox;
    bool maildir = false;  ///< It has cur/ and new/; otherwise its own files are messages.
  };
  [[nodiscard]] const std::vector<Folder>& folders() const { return folders_; }

 private:
  struct File {
    std::string path;
    std::string name;
    std::int64_t modified = 0;
    std::uint64_t size = 0;
    bool loose = false;  ///< In neither cur/ nor new/.
  };
  explicit MaildirSource(std::string root) : root_(std::move(root)) {}
  Status walk(const std::string& path, const std::string& mailbox, std::size_t depth);
  Status list(const Folder& folder);

  const std::string root_;
  std::vector<Folder> folders_;
  std::size_t next_folder_ = 0;
  std::uint64_t total_ = 0;
  std::deque<File> files_;
  std::vector<std::string> keywords_;
};

/// Returns the flags in a Maildir file name, after ":2,": D F P R S T, and 'a' to 'z' according to
/// `keywords`.
FlagList maildir_flags(std::string_view name, const std::vector<std::string>& keywords);

/// Converts one part of a folder's name to a level (or, if it contains dots, levels) of a mailbox
/// name. It is decoded if it is modified UTF-7, and otherwise unchanged.
std::string mailbox_of_folder(std::string_view folder);

}  // namespace posthorn::cli
