#!/usr/bin/perl
# Cyrus::IMAP::Admin, which is what cyradm does its work with: an owner shares a mailbox, a reader finds it and loses
# it. Run by perl_test.py, which says the port and the password in PORT and PASSWORD.
use strict;
use warnings;
use Cyrus::IMAP::Admin;

my ($ann, $bob) = ('ann@example.org', 'bob@example.org');
my $shared = "Other Users/$ann/Work";

sub expect {
  my ($condition, $words) = @_;
  return if $condition;
  print "$words\n";
  exit 1;
}

sub client {
  my ($user) = @_;
  my $client = Cyrus::IMAP::Admin->new('127.0.0.1', $ENV{PORT});
  expect($client, "no connection for $user");
  expect($client->authenticate(-user => $user, -mechanism => 'PLAIN', -password => $ENV{PASSWORD}, -notls => 1),
    "$user cannot log in: " . ($client->error // ''));
  return $client;
}

# What LIST gives: a list of [name, attributes, delimiter].
sub names { return map { $_->[0] } $_[0]->list($_[1]) }

my ($owner, $reader) = (client($ann), client($bob));
expect($owner->create('Work'), 'createmailbox: ' . ($owner->error // ''));
expect(!(grep { $_ eq $shared } names($reader, '*')), 'there is something before the grant');

# setacl knows the word "write" for rights, and letters.
expect($owner->setacl('Work', $bob => 'read'), 'setaclmailbox: ' . ($owner->error // ''));
my %list = $owner->listacl('Work');
expect($list{$bob} eq 'lrs' && $list{$ann}, 'listaclmailbox: ' . join(' ', %list));
expect($owner->setacl('Work', $bob => 'lrswite'), 'setaclmailbox with letters: ' . ($owner->error // ''));
expect((grep { $_ eq $shared } names($reader, '*')), 'listmailbox: ' . join(', ', names($reader, '*')));
expect((grep { $_ eq $shared } map { $_->[0] } $reader->listsubscribed('*')), 'listsubscribed');

# A reader who does not administer the mailbox is told so, and nothing changes.
expect(!$reader->setacl($shared, $bob => 'lrswitea'), 'setaclmailbox by the reader');
expect($reader->error, 'no error for the reader');
%list = $owner->listacl('Work');
expect($list{$bob} eq 'lrswite' || $list{$bob} eq 'lrswited', 'the list has changed: ' . join(' ', %list));
# One who does can.
expect($owner->setacl('Work', $bob => 'lra'), 'setaclmailbox: ' . ($owner->error // ''));
expect($reader->setacl($shared, 'eve@example.org' => 'lr'), 'setaclmailbox by an administrator');
%list = $owner->listacl('Work');
expect($list{'eve@example.org'} eq 'lr', 'listaclmailbox: ' . join(' ', %list));

# info asks for entries with a wildcard, which RFC 5464 does not allow: an error, after which all goes on.
eval { my %info = $reader->info($shared) };
my ($root, %quota) = $owner->listquotaroot('Work');
expect(!$owner->error, 'listquotaroot: ' . ($owner->error // ''));

# The right is taken.
expect($owner->deleteacl('Work', $bob), 'deleteaclmailbox: ' . ($owner->error // ''));
expect(!(grep { $_ eq $shared } names($reader, '*')), 'listmailbox after deleteaclmailbox');
expect(!$reader->setacl($shared, $bob => 'l'), 'setaclmailbox after deleteaclmailbox');
