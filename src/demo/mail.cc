#include "demo/mail.h"

#include <map>

#include "demo/mail_post.h"

namespace posthorn::demo {

void make_demo_mail(std::uint64_t seed, const std::function<void(const DemoMessage&)>& sink) {
  std::multimap<std::int64_t, DemoMessage> by_time;
  const demo::Post::Sink keep = [&by_time](const DemoMessage& message) {
    by_time.emplace(message.received.seconds, message);
  };
  demo::Post post(seed, keep);
  demo::home_mail(post);
  demo::work_mail(post);
  demo::list_mail(post);
  demo::machine_mail(post);
  demo::world_mail(post);
  demo::odd_mail(post);
  for (const auto& [time, message] : by_time) sink(message);
}

}  // namespace posthorn::demo
