#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "cli/mailbox_files/mail_sink.h"
#include "text/ascii.h"

namespace posthorn::cli {
namespace {

namespace fs = std::filesystem;

/// "Mon Nov 23 03:51:33 2026", in UTC (RFC 4155).
std::string from_line_date(Timestamp time) {
  const auto at = static_cast<time_t>(time.seconds);
  tm parts{};
  ::gmtime_r(&at, &parts);
  std::array<char, 32> text{};
  // The format of asctime, independent of the locale.
  constexpr std::array<const char*, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const int length = std::snprintf(text.data(), text.size(), "%s %s %2d %02d:%02d:%02d %d",
                                   kDays[static_cast<std::size_t>(parts.tm_wday)],
                                   kMonths[static_cast<std::size_t>(parts.tm_mon)], parts.tm_mday,
                                   parts.tm_hour, parts.tm_min, parts.tm_sec, parts.tm_year + 1900);
  return {text.data(), static_cast<std::size_t>(length)};
}

/// Returns a path below the folder of the export. Users choose the names of mailboxes, so a level
/// "." or ".." must not lead out of it: its dots are written as in a URL. A level that already
/// looks like that is changed too, so that two names never become one.
std::string path_of(const std::string& mailbox) {
  std::string path;
  for (std::size_t at = 0; at <= mailbox.size();) {
    const std::size_t end = std::min(mailbox.find('/', at), mailbox.size());
    const std::string level = mailbox.substr(at, end - at);
    if (level.starts_with("%2")) {
      path += "/%25" + level.substr(1);
    } else if (level == "." || level == "..") {
      path += level == "." ? "/%2E" : "/%2E%2E";
    } else {
      path += '/' + level;
    }
    at = end + 1;
  }
  return path;
}

class MboxSink final : public MailSink {
 public:
  explicit MboxSink(std::string root) : root_(std::move(root)) {}

  Status begin_mailbox(const std::string& name) override {
    path_ = root_ + path_of(name) + ".mbox";
    std::error_code error;
    fs::create_directories(fs::path(path_).parent_path(), error);
    if (error) return fail(ErrorKind::io, path_ + ": " + error.message());
    // Created here, since a stream would follow a link and let others read the mail.
    const int fd =
        ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
      return fail(ErrorKind::already_exists, path_ + ": exists already");
    if (fd < 0) return fail(ErrorKind::io, path_ + ": " + std::strerror(errno));
    ::close(fd);
    file_.open(path_, std::ios::binary | std::ios::app);
    return check();
  }

  Status begin_message(const ExportedMessage& message) override {
    file_ << "From MAILER-DAEMON " << from_line_date(message.received) << '\n';
    const SystemFlags system = message.flags.system;
    file_ << "Status: " << ((system & bit(SystemFlag::seen)) != 0 ? "RO" : "O") << '\n';
    std::string more;
    if ((system & bit(SystemFlag::answered)) != 0) more += 'A';
    if ((system & bit(SystemFlag::flagged)) != 0) more += 'F';
    if ((system & bit(SystemFlag::draft)) != 0) more += 'T';
    if ((system & bit(SystemFlag::deleted)) != 0) more += 'D';
    if (!more.empty()) file_ << "X-Status: " << more << '\n';
    if (!message.flags.keywords.empty()) {
      file_ << "X-Keywords:";
      for (const std::string& keyword : message.flags.keywords) file_ << ' ' << keyword;
      file_ << '\n';
    }
    return check();
  }

  Status add(std::string_view octets) override {
    to_lf_.feed(octets, held_);
    // Only whole lines: the beginning of a line decides whether it is quoted.
    const std::size_t end = held_.rfind('\n');
    if (end == std::string::npos) return {};
    write_lines(std::string_view(held_).substr(0, end + 1));
    held_.erase(0, end + 1);
    return check();
  }

  Status end_message() override {
    to_lf_.finish(held_);
    if (!held_.empty()) write_lines(held_ + "\n");
    held_.clear();
    file_ << '\n';
    return check();
  }

  Status end_mailbox() override {
    file_.close();
    return check();
  }

 private:
  void write_lines(std::string_view lines) {
    while (!lines.empty()) {
      const std::size_t end = lines.find('\n') + 1;
      const std::string_view line = lines.substr(0, end);
      lines.remove_prefix(end);
      const std::size_t quotes = line.find_first_not_of('>');
      if (quotes != std::string_view::npos && line.substr(quotes).starts_with("From "))
        file_ << '>';
      file_ << line;
    }
  }
  Status check() {
    if (file_.fail()) return fail(ErrorKind::io, path_ + ": cannot be written");
    return {};
  }

  const std::string root_;
  std::string path_;
  std::ofstream file_;
  ToLf to_lf_;
  std::string held_;
};

}  // namespace

std::unique_ptr<MailSink> make_mbox_sink(std::string root) {
  return std::make_unique<MboxSink>(std::move(root));
}

}  // namespace posthorn::cli
