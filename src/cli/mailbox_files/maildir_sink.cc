#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "app/machine/notify.h"
#include "cli/mailbox_files/mail_sink.h"
#include "text/ascii.h"
#include "text/mutf7.h"

namespace posthorn::cli {

void ToLf::feed(std::string_view octets, std::string& out) {
  for (const char c : octets) {
    if (held_cr_ && c != '\n') out += '\r';
    held_cr_ = c == '\r';
    if (!held_cr_) out += c;
  }
}

void ToLf::finish(std::string& out) {
  if (std::exchange(held_cr_, false)) out += '\r';
}

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxKeywords = 26;  ///< 'a' to 'z'.

Error io_error(const std::string& path) {
  return {ErrorKind::io, fmt::format("{}: {}", path, std::strerror(errno))};
}

class MaildirSink final : public MailSink {
 public:
  explicit MaildirSink(std::string root) : root_(std::move(root)) {}
  ~MaildirSink() override {
    if (fd_ >= 0) ::close(fd_);
  }
  MaildirSink(const MaildirSink&) = delete;
  MaildirSink& operator=(const MaildirSink&) = delete;

  Status begin_mailbox(const std::string& name) override {
    folder_ = root_;
    keywords_.clear();
    if (name != "INBOX") {
      // Maildir++ separates levels with dots, so a dot in a name must be replaced.
      std::string level = text::utf8_to_mutf7(name).value_or(name);
      std::ranges::replace(level, '.', '_');
      std::ranges::replace(level, '/', '.');
      folder_ += "/." + level;
    }
    std::error_code error;
    if (fs::exists(folder_ + "/cur", error))
      return fail(ErrorKind::already_exists, folder_ + ": exists already");
    for (const char* const part : {"/cur", "/new", "/tmp"})
      if (!error) fs::create_directories(folder_ + part, error);
    if (error) return fail(ErrorKind::io, folder_ + ": " + error.message());
    return {};
  }

  Status begin_message(const ExportedMessage& message) override {
    message_ = message;
    name_ = fmt::format("{}.M{}P{}.posthorn", message.received.seconds, message.uid, ::getpid());
    const std::string path = folder_ + "/tmp/" + name_;
    fd_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd_ < 0) return std::unexpected(io_error(path));
    return {};
  }

  Status add(std::string_view octets) override {
    out_.clear();
    to_lf_.feed(octets, out_);
    return write_out();
  }

  Status end_message() override {
    out_.clear();
    to_lf_.finish(out_);
    if (Status written = write_out(); !written) return written;
    const timespec time{static_cast<time_t>(message_.received.seconds), 0};
    const std::array<timespec, 2> times = {time, time};
    const bool good = ::futimens(fd_, times.data()) == 0;
    const bool closed = ::close(std::exchange(fd_, -1)) == 0;
    const std::string from = folder_ + "/tmp/" + name_;
    const std::string to = folder_ + "/cur/" + name_ + ":2," + letters();
    if (!good || !closed || std::rename(from.c_str(), to.c_str()) != 0)
      return std::unexpected(io_error(to));
    return {};
  }

  Status end_mailbox() override {
    if (keywords_.empty()) return {};
    std::string table;
    for (std::size_t i = 0; i < keywords_.size(); ++i)
      table += fmt::format("{} {}\n", i, keywords_[i]);
    return app::write_file_atomically(folder_ + "/dovecot-keywords", table);
  }

 private:
  Status write_out() {
    std::string_view left = out_;
    while (!left.empty()) {
      const ssize_t n = ::write(fd_, left.data(), left.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return std::unexpected(io_error(folder_ + "/tmp/" + name_));
      left.remove_prefix(static_cast<std::size_t>(n));
    }
    return {};
  }

  /// In alphabetical order, as Maildir requires.
  std::string letters() {
    std::string letters;
    const auto add_if = [&](SystemFlag flag, char letter) {
      if ((message_.flags.system & bit(flag)) != 0) letters += letter;
    };
    add_if(SystemFlag::draft, 'D');
    add_if(SystemFlag::flagged, 'F');
    if (std::ranges::any_of(message_.flags.keywords,
                            [](const auto& k) { return text::iequals(k, "$Forwarded"); }))
      letters += 'P';
    add_if(SystemFlag::answered, 'R');
    add_if(SystemFlag::seen, 'S');
    add_if(SystemFlag::deleted, 'T');
    for (const std::string& keyword : message_.flags.keywords) {
      if (text::iequals(keyword, "$Forwarded")) continue;
      auto known = std::ranges::find(keywords_, keyword);
      if (known == keywords_.end() && keywords_.size() == kMaxKeywords) continue;
      if (known == keywords_.end()) known = keywords_.insert(known, keyword);
      letters += static_cast<char>('a' + (known - keywords_.begin()));
    }
    return letters;
  }

  const std::string root_;
  std::string folder_;
  std::vector<std::string> keywords_;
  ExportedMessage message_;
  std::string name_;
  int fd_ = -1;
  ToLf to_lf_;
  std::string out_;
};

}  // namespace

std::unique_ptr<MailSink> make_maildir_sink(std::string root) {
  return std::make_unique<MaildirSink>(std::move(root));
}

}  // namespace posthorn::cli
