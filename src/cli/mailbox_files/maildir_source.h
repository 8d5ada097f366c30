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

/// A Maildir++ tree (".Work.Reports" beside cur/), Maildirs in folders of folders, and folders of
/// files of one message each. A file that lies elsewhere than in cur/ and new/ is a message if it
/// begins as one, and is left out with a word if not. Every folder that holds messages is a
/// mailbox; the root is INBOX. Flags come from the file's name and the table of keywords that
/// Dovecot keeps; the time is the file's. What a mailbox holds comes oldest first. Memory: the
/// names of one folder.
class MaildirSource final : public MailSource {
 public:
  /// Errors: io when there is no such folder.
  static Result<std::unique_ptr<MaildirSource>> open(const std::string& root);
  Result<std::optional<FoundMessage>> next() override;
  [[nodiscard]] std::uint64_t total_octets() const override { return total_; }

  /// Mailboxes with messages, and those that are empty Maildirs.
  struct Folder {
    std::string path;
    std::string mailbox;
    bool maildir = false;  ///< Has cur/ and new/; else its own files are messages.
  };
  [[nodiscard]] const std::vector<Folder>& folders() const { return folders_; }

 private:
  struct File {
    std::string path;
    std::string name;
    std::int64_t modified = 0;
    std::uint64_t size = 0;
    bool loose = false;  ///< Neither in cur/ nor in new/.
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

/// Flags of a Maildir file name, from its ":2," on: D F P R S T, and 'a' to 'z' by `keywords`.
FlagList maildir_flags(std::string_view name, const std::vector<std::string>& keywords);

/// One part of a folder's name as a level (or, with dots, levels) of a mailbox name: modified UTF-7
/// where it is that, else as it is.
std::string mailbox_of_folder(std::string_view folder);

}  // namespace posthorn::cli
