#include "cli/mailbox_files/maildir_source.h"

#include <charconv>
#include <filesystem>
#include <fstream>

#include "cli/mailbox_files/file_octets.h"
#include "text/ascii.h"
#include "text/mutf7.h"
#include "text/utf8.h"

namespace posthorn::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kDeepest = 30;

bool is_messages_folder(const std::string& name) {
  return name == "cur" || name == "new" || name == "tmp";
}

/// Files that servers keep next to messages.
bool is_bookkeeping(std::string_view name) {
  return name.starts_with('.') || name.starts_with("dovecot") || name.starts_with("courier") ||
         name == "subscriptions" || name == "maildirfolder" || name == "maildirsize";
}

std::vector<std::string> load_keywords(const std::string& folder) {
  std::vector<std::string> keywords;
  std::ifstream in(folder + "/dovecot-keywords");
  for (std::string line; std::getline(in, line) && keywords.size() < 26;) {
    std::size_t number = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), number);
    if (error != std::errc() || number >= 26 || *end != ' ') continue;
    if (keywords.size() <= number) keywords.resize(number + 1);
    keywords[number] = line.substr(static_cast<std::size_t>(end - line.data()) + 1);
  }
  return keywords;
}

/// Returns whether the file begins with a header field, or with a From_ line left from an mbox.
bool looks_like_a_message(const InputFile& file) {
  const auto start = file.read(0, 1000);
  if (!start) return false;
  if (start->starts_with("From ")) return true;
  const std::size_t end = start->find_first_of(" \t:\r\n");
  return end != 0 && end != std::string::npos &&
         start->find_first_not_of(" \t", end) != std::string::npos &&
         (*start)[start->find_first_not_of(" \t", end)] == ':';
}

std::string joined(const std::string& parent, const std::string& level) {
  return parent.empty() ? level : parent + "/" + level;
}

}  // namespace

FlagList maildir_flags(std::string_view name, const std::vector<std::string>& keywords) {
  FlagList flags;
  const std::size_t info = name.rfind(":2,");
  if (info == std::string_view::npos) return flags;
  for (const char letter : name.substr(info + 3)) {
    switch (letter) {
      case 'D': flags.system |= bit(SystemFlag::draft); break;
      case 'F': flags.system |= bit(SystemFlag::flagged); break;
      case 'P': flags.keywords.emplace_back("$Forwarded"); break;
      case 'R': flags.system |= bit(SystemFlag::answered); break;
      case 'S': flags.system |= bit(SystemFlag::seen); break;
      case 'T': flags.system |= bit(SystemFlag::deleted); break;
      default:
        if (letter >= 'a' && static_cast<std::size_t>(letter - 'a') < keywords.size() &&
            !keywords[static_cast<std::size_t>(letter - 'a')].empty())
          flags.keywords.push_back(keywords[static_cast<std::size_t>(letter - 'a')]);
    }
  }
  return flags;
}

std::string mailbox_of_folder(std::string_view folder) {
  std::string path;
  while (!folder.empty()) {
    const std::size_t dot = std::min(folder.find('.'), folder.size());
    const std::string_view level = folder.substr(0, dot);
    folder.remove_prefix(std::min(dot + 1, folder.size()));
    if (level.empty()) continue;
    std::string name = text::mutf7_to_utf8(level).value_or(text::replace_invalid_utf8(level));
    // A level must not contain the separator.
    std::ranges::replace(name, '/', '_');
    path = joined(path, name);
  }
  return path;
}

Result<std::unique_ptr<MaildirSource>> MaildirSource::open(const std::string& root) {
  std::error_code error;
  if (!fs::is_directory(root, error))
    return fail(ErrorKind::io, root + ": is not a readable folder");
  std::unique_ptr<MaildirSource> source(new MaildirSource(root));
  if (Status walked = source->walk(root, "", 0); !walked) return pass(walked);
  std::ranges::sort(source->folders_, [](const Folder& a, const Folder& b) {
    return std::tie(a.mailbox, a.path) < std::tie(b.mailbox, b.path);
  });
  return source;
}

Status MaildirSource::walk(const std::string& path, const std::string& mailbox, std::size_t depth) {
  if (depth > kDeepest) return fail(ErrorKind::limit, path + ": is nested too deeply");
  std::error_code error;
  bool maildir = fs::is_directory(path + "/cur", error) || fs::is_directory(path + "/new", error);
  bool files = false;
  for (const auto& entry : fs::directory_iterator(path, error)) {
    const std::string name = entry.path().filename().string();
    std::error_code ignored;
    if (entry.is_symlink(ignored)) continue;  // Symbolic links may form loops.
    if (entry.is_directory(ignored)) {
      if (is_messages_folder(name)) {
        for (const auto& file : fs::directory_iterator(entry.path(), ignored)) {
          std::error_code no_size;
          const auto size = name == "tmp" ? 0 : file.file_size(no_size);
          if (!no_size) total_ += size;
        }
        continue;
      }
      const std::string below =
          name.starts_with('.') ? mailbox_of_folder(name.substr(1)) : mailbox_of_folder(name);
      if (below.empty()) continue;
      if (Status walked = walk(entry.path().string(), joined(mailbox, below), depth + 1); !walked)
        return walked;
    } else if (!is_bookkeeping(name) && entry.is_regular_file(ignored)) {
      files = true;
      const auto size = entry.file_size(ignored);
      if (!ignored) total_ += size;
    }
  }
  if (error) return fail(ErrorKind::io, path + ": " + error.message());
  const bool is_inbox = mailbox.empty() || text::iequals(mailbox, "INBOX");
  if (maildir || files) folders_.push_back({path, is_inbox ? "INBOX" : mailbox, maildir});
  return {};
}

Status MaildirSource::list(const Folder& folder) {
  keywords_ = load_keywords(folder.path);
  std::vector<File> found;
  const auto look_into = [&](const std::string& path) -> Status {
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(path, error)) {
      std::error_code ignored;
      const std::string name = entry.path().filename().string();
      if (!entry.is_regular_file(ignored) || is_bookkeeping(name)) continue;
      const auto written = entry.last_write_time(ignored);
      const auto seconds = std::chrono::floor<std::chrono::seconds>(
          std::chrono::file_clock::to_sys(written).time_since_epoch());
      found.push_back({entry.path().string(), name, seconds.count(), entry.file_size(ignored),
                       path == folder.path});
    }
    if (error && error != std::errc::no_such_file_or_directory)
      return fail(ErrorKind::io, path + ": " + error.message());
    return {};
  };
  Status read = look_into(folder.path);
  if (read && folder.maildir) read = look_into(folder.path + "/cur");
  if (read && folder.maildir) read = look_into(folder.path + "/new");
  std::ranges::sort(found, [](const File& a, const File& b) {
    return std::tie(a.modified, a.name) < std::tie(b.modified, b.name);
  });
  files_.assign(std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  return read;
}

Result<std::optional<FoundMessage>> MaildirSource::next() {
  while (files_.empty()) {
    if (next_folder_ == folders_.size()) return std::nullopt;
    if (Status listed = list(folders_[next_folder_++]); !listed) return pass(listed);
  }
  const File file = std::move(files_.front());
  files_.pop_front();
  Result<std::shared_ptr<InputFile>> opened = InputFile::open(file.path);
  if (!opened) return pass(opened);
  if (file.loose && !looks_like_a_message(**opened))
    return fail(ErrorKind::io, file.path + ": does not begin like a message");
  FoundMessage found;
  found.mailbox = folders_[next_folder_ - 1].mailbox;
  found.flags = maildir_flags(file.name, keywords_);
  found.received = Timestamp{file.modified, 0};
  // The part before ':' identifies the message even if its flags change.
  found.key = found.mailbox + "\t" + file.name.substr(0, file.name.find(':'));
  std::ranges::replace(found.key, '\n', '?');
  found.place = file.path;
  found.raw_octets = file.size;
  found.open = [input = std::move(*opened)] {
    return std::make_unique<FileOctets>(input, 0, input->size(), FilterOptions{});
  };
  return found;
}

}  // namespace posthorn::cli
