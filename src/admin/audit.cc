#include "admin/audit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string_view>

#include "base/log_event.h"

namespace posthorn::admin {
namespace {

constexpr std::string_view kFile = "/admin-acts";
/// What does not fit any more is not kept: the file must not fill the disk of a server that is
/// never started.
constexpr std::int64_t kMostOctets = 1 << 20;
/// Requests of which one command makes thousands.
constexpr std::array<std::string_view, 2> kUnlogged = {"message.append", "account.adopt.add"};

std::string line_of(const Act& act) {
  Json json{{"do", act.what}, {"about", act.about}, {"outcome", act.outcome}, {"at", act.at}};
  if (act.uid) json["uid"] = *act.uid;
  if (!act.sudo_user.empty()) json[kSudoUser] = act.sudo_user;
  return boost::json::serialize(json) + '\n';
}

std::optional<Act> read_act(std::string_view line) {
  boost::system::error_code error;
  const boost::json::value value = boost::json::parse(line, error);
  if (error || !value.is_object()) return std::nullopt;
  const Json& json = value.get_object();
  Act act;
  act.what = text_of(json, "do");
  act.about = text_of(json, "about");
  act.outcome = text_of(json, "outcome");
  act.sudo_user = text_of(json, kSudoUser);
  act.at = static_cast<std::int64_t>(number_of(json, "at"));
  if (json.contains("uid")) act.uid = static_cast<std::uint32_t>(number_of(json, "uid"));
  return act;
}

}  // namespace

std::optional<Act> act_of(const Json& request) {
  const std::string_view what = text_of(request, "do");
  for (const std::string_view reading : {".list", ".show", ".read", "ping", "status"})
    if (what.ends_with(reading)) return std::nullopt;
  if (std::ranges::find(kUnlogged, what) != kUnlogged.end()) return std::nullopt;
  Act act;
  act.what = what;
  for (const std::string_view member : {"name", "alias", "who", "id"})
    if (request.contains(member) && act.about.empty()) act.about = text_of(request, member);
  act.sudo_user = text_of(request, kSudoUser);
  return act;
}

std::string outcome_of(const Result<Answer>& answer) {
  return std::string(answer ? "ok" : name_of(answer.error().kind));
}

void log_act(const Act& act) {
  log::Event event("admin");
  event.word("do", act.what).session(act.session);
  if (act.uid) event.number("uid", *act.uid);
  event.word("outcome", act.outcome);
  if (act.at != 0) event.number("at", static_cast<std::uint64_t>(act.at));
  if (!act.sudo_user.empty()) event.said("sudo_user", act.sudo_user);
  event.said("about", act.about).write(log::Level::info);
}

async::Task<Result<Answer>> KeptAdmin::call(Json request) {
  std::optional<Act> act = act_of(request);
  auto answer = co_await admin_->call(std::move(request));
  keep(std::move(act), answer);
  co_return answer;
}

async::Task<Result<Answer>> KeptAdmin::call(Json request, OctetSource& octets) {
  std::optional<Act> act = act_of(request);
  auto answer = co_await admin_->call(std::move(request), octets);
  keep(std::move(act), answer);
  co_return answer;
}

void KeptAdmin::keep(std::optional<Act> act, const Result<Answer>& answer) const {
  if (!act) return;
  act->uid = ::getuid();
  if (const char* const by = std::getenv("SUDO_USER")) act->sudo_user = by;
  act->outcome = outcome_of(answer);
  act->at = std::time(nullptr);
  const std::string line = line_of(*act);
  const int fd = ::open((data_dir_ + std::string(kFile)).c_str(),
                        O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  // A command does not fail because of this: it has done its work.
  if (fd < 0) return;
  struct stat info{};
  if (::fstat(fd, &info) == 0 && info.st_size < kMostOctets)
    std::ignore = ::write(fd, line.data(), line.size());
  ::close(fd);
}

void log_kept_acts(const std::string& data_dir) {
  const std::string path = data_dir + std::string(kFile);
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);)
    if (const auto act = read_act(line)) log_act(*act);
  in.close();
  ::unlink(path.c_str());
}

}  // namespace posthorn::admin
